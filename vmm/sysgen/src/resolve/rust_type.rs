//! The path of a device's Rust type, which goes into generated source as it stands.

use crate::diagnostic::Diagnostics;
use crate::source::Spanned;

/// Reports what could not be a type; what the compiler finds later is not looked for.
pub(super) fn check(path: &Spanned<String>, found: &mut Diagnostics) {
    let Some(problem) = problem(&path.value) else {
        return;
    };
    let span = if path.value.is_empty() {
        path.quoted()
    } else {
        path.span.clone()
    };
    found
        .error(&span, "not the path of a Rust type", problem)
        .hint("write for example type=\"my_crate::Counter\" or type=\"my_crate::Disk<'m>\"");
}

fn problem(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(bad) = text
        .chars()
        .find(|c| !is_part(*c) && !":<>', ".contains(*c))
    {
        return Some(format!("`{}` is in no path", bad.escape_debug()));
    }
    let path = text.strip_prefix("::").unwrap_or(text);
    if !path.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return Some("a path begins with a name".to_owned());
    }
    let mut segments = text.split(|c| "<>, ".contains(c));
    if segments.any(|segment| segment.replace("::", "").contains(':') || segment.ends_with(':')) {
        return Some("names are joined by `::`".to_owned());
    }
    if text.replace(", ", "").contains(' ') {
        return Some("a space stands only behind a comma".to_owned());
    }
    let mut lifetimes = text.split('\'').skip(1);
    let name = |text: &str| text.chars().take_while(|c| is_part(*c)).collect::<String>();
    if lifetimes.any(|rest| !["m", "static"].contains(&name(rest).as_str())) {
        return Some(
            "the only lifetimes are 'm, that of the guest's memory, and 'static".to_owned(),
        );
    }
    (!are_brackets_paired(text)).then(|| "`<` and `>` do not pair".to_owned())
}

fn are_brackets_paired(text: &str) -> bool {
    let mut open = 0u32;
    for c in text.chars() {
        match c {
            '<' => open += 1,
            '>' if open == 0 => return false,
            '>' => open -= 1,
            _ => {}
        }
    }
    open == 0
}
