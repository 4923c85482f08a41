//! Programs that are made from crates of the user's.

use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::vocabulary::Word;

pub(super) fn check(document: &Document, found: &mut Diagnostics) {
    for domain in &document.domains {
        let Some(fact) = domain.fact(Word::Program) else {
            continue;
        };
        if let Some(folder) = fact.get("crate").filter(|folder| folder.value.is_empty()) {
            found
                .error(&folder.quoted(), "a program of no crate", "no folder")
                .hint("write the folder of a cargo crate, relative to this file");
        }
        if domain.program.is_none() {
            found
                .error(
                    &domain.span,
                    "a program that has no name",
                    "no <program_image>",
                )
                .related(&fact.span, "to be made")
                .hint("add <program_image path=\"...\"/>; the build makes this file");
        }
        let mut others = domain.facts.iter();
        let is_ours = |word| word == Word::Ticker || word == Word::Driver;
        if let Some(other) = others.find(|other| is_ours(other.word)) {
            let name = other.word.name();
            found
                .error(
                    &fact.span,
                    format!("the build makes the program of a {name} itself"),
                    "another one",
                )
                .related(&other.span, "said here")
                .hint("keep one of them");
        }
    }
}
