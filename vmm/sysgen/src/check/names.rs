//! Names that must be unique: memory regions and protection domains.

use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::source::Spanned;

pub(super) fn check(document: &Document, found: &mut Diagnostics) {
    let regions = document.regions.iter().map(|region| &region.name);
    check_twice("memory regions", regions.collect(), found);
    let domains = document.domains.iter().map(|domain| &domain.name);
    check_twice("protection domains", domains.collect(), found);
}

fn check_twice(what: &str, names: Vec<&Spanned<String>>, found: &mut Diagnostics) {
    for (index, name) in names.iter().enumerate() {
        let mut earlier = names.iter().take(index);
        if let Some(first) = earlier.find(|earlier| earlier.value == name.value) {
            found
                .error(
                    &name.span,
                    format!("two {what} are called `{}`", name.value),
                    "again",
                )
                .related(&first.span, "first here")
                .hint("rename one of them");
        }
    }
}
