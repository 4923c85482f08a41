//! Names that must be unique: memory regions and protection domains.

use crate::diagnostic::Diagnostics;
use crate::document::Document;

pub(super) fn check(document: &Document, found: &mut Diagnostics) {
    let regions: Vec<_> = document.regions.iter().map(|region| &region.name).collect();
    let domains: Vec<_> = document.domains.iter().map(|domain| &domain.name).collect();
    for (what, names) in [("memory regions", regions), ("protection domains", domains)] {
        let title = |name: &String| format!("two {what} are called `{name}`");
        found.repeated(&names, title, "rename one of them");
    }
}
