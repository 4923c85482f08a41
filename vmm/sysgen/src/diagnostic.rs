//! Errors and warnings that point into the system XML.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::source::{Source, Span, Spanned};

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Does it stop the build?
    pub is_error: bool,
    /// What is wrong, in one line.
    pub title: String,
    /// The offending text.
    pub span: Span,
    /// What stands under the underline.
    pub label: String,
    /// Other places that belong to it.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Says what to do about it.
    pub fn hint(&mut self, text: impl Into<String>) -> &mut Self {
        self.hint = Some(text.into());
        self
    }

    /// Points at another place.
    pub fn related(&mut self, span: &Span, label: impl Into<String>) -> &mut Self {
        self.related.push((span.clone(), label.into()));
        self
    }
}

/// Everything found in one run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds an error; refine it through the result.
    pub fn error(
        &mut self,
        span: &Span,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(true, span, title.into(), label.into())
    }

    /// Adds a warning; refine it through the result.
    pub fn warning(
        &mut self,
        span: &Span,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(false, span, title.into(), label.into())
    }

    /// Adds an error for each of `values` that an earlier one equals: its title, and what to do.
    pub(crate) fn repeated<T: PartialEq>(
        &mut self,
        values: &[&Spanned<T>],
        title: impl Fn(&T) -> String,
        hint: &str,
    ) {
        for (index, again) in values.iter().enumerate() {
            let mut earlier = values.iter().take(index);
            if let Some(first) = earlier.find(|earlier| earlier.value == again.value) {
                self.error(&again.span, title(&again.value), "again")
                    .related(&first.span, "first here")
                    .hint(hint);
            }
        }
    }

    fn push(
        &mut self,
        is_error: bool,
        span: &Span,
        title: String,
        label: String,
    ) -> &mut Diagnostic {
        self.list.push(Diagnostic {
            is_error,
            title,
            span: span.clone(),
            label,
            related: Vec::new(),
            hint: None,
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Is there an error among them?
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|item| item.is_error)
    }

    /// Nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// As text for a terminal (`colour`) or a file.
    pub fn render(&self, source: &Source, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let texts = self.list.iter().map(|item| render(&renderer, item, source));
        texts.collect::<Vec<_>>().join("\n\n")
    }
}

fn render(renderer: &Renderer, item: &Diagnostic, source: &Source) -> String {
    let level = if item.is_error {
        Level::ERROR
    } else {
        Level::WARNING
    };
    let mut snippet = Snippet::source(source.text.as_str())
        .path(source.name.as_str())
        .annotation(
            AnnotationKind::Primary
                .span(item.span.clone())
                .label(item.label.as_str()),
        );
    for (span, label) in &item.related {
        snippet = snippet.annotation(
            AnnotationKind::Context
                .span(span.clone())
                .label(label.as_str()),
        );
    }
    let mut group = level.primary_title(item.title.as_str()).element(snippet);
    if let Some(hint) = &item.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    renderer.render(&[group])
}
