//! The text of a system XML file and stretches of it.

use std::ops::Range;

/// Bytes `start..end` of the file.
pub type Span = Range<usize>;

/// A value and where the file says it.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its text, without quotes.
    pub span: Span,
}

impl Spanned<String> {
    /// Its words, which space separates.
    pub(crate) fn words(&self) -> Vec<Self> {
        let mut at = self.span.start;
        let mut words = Vec::new();
        for piece in self.value.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            if !word.is_empty() {
                words.push(Self {
                    value: word.to_owned(),
                    span: at..at + word.len(),
                });
            }
            at += piece.len();
        }
        words
    }
}

impl<T> Spanned<T> {
    /// Another value at the same place.
    pub(crate) fn with<U>(&self, value: U) -> Spanned<U> {
        Spanned {
            value,
            span: self.span.clone(),
        }
    }

    /// Its text with the quotes: of an empty one, all that there is to underline.
    pub(crate) fn quoted(&self) -> Span {
        self.span.start.saturating_sub(1)..self.span.end + 1
    }
}

/// One system XML file.
#[derive(Clone, Debug)]
pub struct Source {
    /// File name as the user gave it, for messages.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The line that byte `at` lies on, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    /// The text of a span.
    pub fn slice(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }
}
