//! The files of the build: every name is a plain one, and no two files have the same.
//!
//! A guest's VMM program, image and generated files all go into the build folder, under names
//! that come from the XML.

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain};
use crate::model::Guest;
use crate::resolve::{find_region, is_driver, is_ticker};
use crate::source::Spanned;
use crate::vocabulary::Word;

/// What the build writes beside the guests' own files.
const TAKEN: [&str; 2] = ["loader.img", "report.txt"];
/// Longest file name of common file systems, less room for an ending.
const LONGEST: usize = 200;

/// A file and the text of the XML that names it.
struct File<'a> {
    name: String,
    origin: &'a Spanned<String>,
}

pub(super) fn check(document: &Document, guests: &[Guest], found: &mut Diagnostics) {
    let mut files: Vec<File<'_>> = Vec::new();
    for domain in &document.domains {
        let guest = guests.iter().find(|g| g.domain == domain.name.value);
        if let Some((origin, what)) = domain.program.as_ref().zip(program_of(domain, guest))
            && is_plain(origin, what, found)
        {
            let name = origin.value.clone();
            let file = File { name, origin };
            collides(&files, &file, found);
            files.push(file);
        }
        let Some(guest) = guest else { continue };
        let mut told = None;
        for file in files_of(document, domain, guest, found) {
            // One name stands for several generated files.
            if told != Some(&file.origin.span) && collides(&files, &file, found) {
                told = Some(&file.origin.span);
            }
            files.push(file);
        }
    }
}

/// What a program is that the build makes beside those of VMMs.
fn program_of(domain: &Domain, guest: Option<&Guest>) -> Option<&'static str> {
    if is_ticker(domain) {
        Some("the program of a ticker")
    } else if is_driver(domain) {
        Some("the program of a driver")
    } else {
        domain.fact(Word::Program).filter(|_| guest.is_none())?;
        Some("the program of a protection domain")
    }
}

/// The files of one guest; names that cannot be a file's are reported and left out.
fn files_of<'a>(
    document: &'a Document,
    domain: &'a Domain,
    guest: &Guest,
    found: &mut Diagnostics,
) -> Vec<File<'a>> {
    let mut files = Vec::new();
    let machine = domain.machine.as_ref().map(|machine| &machine.name);
    if let Some(origin) = machine.filter(|name| is_plain(name, "the name of a guest", found)) {
        files.extend(["rs", "devices.rs", "dtb"].map(|ending| File {
            name: format!("{}.{ending}", origin.value),
            origin,
        }));
    }
    let image = find_region(document, &guest.image.region);
    let image = image.and_then(|region| region.prefill.as_ref());
    let given = [
        (domain.program.as_ref(), "the program of a VMM"),
        (image, "the image of a guest"),
    ];
    for (origin, what) in given {
        if let Some(origin) = origin.filter(|name| is_plain(name, what, found)) {
            let name = origin.value.clone();
            files.push(File { name, origin });
        }
    }
    if domain.program.is_none() {
        found
            .error(
                &domain.span,
                "a VMM without a program",
                "no <program_image>",
            )
            .hint("add <program_image path=\"vmm.elf\"/>; the build makes this file");
    }
    files
}

/// Is it the name of a file in a folder, and not a way to another folder?
fn is_plain(name: &Spanned<String>, what: &str, found: &mut Diagnostics) -> bool {
    let text = &name.value;
    let problem = if text.is_empty() {
        "is empty"
    } else if text.contains(['/', '\\']) || text.chars().any(char::is_control) {
        "holds `/`, `\\` or a control character"
    } else if text.starts_with('.') {
        "begins with a dot"
    } else if text.len() > LONGEST {
        "is too long"
    } else {
        return true;
    };
    let span = if text.is_empty() {
        name.quoted()
    } else {
        name.span.clone()
    };
    found
        .error(&span, format!("{what} is no plain file name"), problem)
        .hint("the build makes this file in its own folder; write a name such as `guest-1`");
    false
}

/// Has another file this name already?
fn collides(earlier: &[File<'_>], file: &File<'_>, found: &mut Diagnostics) -> bool {
    let name = &file.name;
    let other = |other: &&File<'_>| other.name == *name && other.origin.span != file.origin.span;
    let first = earlier.iter().find(other);
    if first.is_none() && !TAKEN.contains(&name.as_str()) {
        return false;
    }
    let item = found.error(
        &file.origin.span,
        format!("the build would write two files called `{name}`"),
        "this one",
    );
    match first {
        Some(first) => item.related(&first.origin.span, "and this one").hint(
            "each guest has a program, an image, NAME.rs, NAME.devices.rs and NAME.dtb of its own; \
             rename one",
        ),
        None => item.hint("the build has a file of this name itself; choose another"),
    };
    true
}
