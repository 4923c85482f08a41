//! Instructions before one element that say too much.

use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::fact::Fact;

pub(super) fn check(document: &Document, found: &mut Diagnostics) {
    for domain in &document.domains {
        check_repeated(&domain.facts, found);
        for map in &domain.maps {
            check_purpose(&map.facts, found);
        }
    }
}

/// What a protection domain is can be said once.
fn check_repeated(facts: &[Fact], found: &mut Diagnostics) {
    for (index, again) in facts.iter().enumerate() {
        let mut earlier = facts.iter().take(index);
        if let Some(first) = earlier.find(|first| first.word == again.word) {
            found
                .error(
                    &again.span,
                    format!("`{}` is said twice", again.word.name()),
                    "again",
                )
                .related(&first.span, "first here")
                .hint("keep one of them");
        }
    }
}

/// A map of a protection domain is for one thing.
fn check_purpose(facts: &[Fact], found: &mut Diagnostics) {
    let mut facts = facts.iter();
    let Some(first) = facts.next() else {
        return;
    };
    for again in facts {
        found
            .error(&again.span, "a map has one purpose", "and this too?")
            .related(&first.span, "said here already")
            .hint("keep one of them");
    }
}
