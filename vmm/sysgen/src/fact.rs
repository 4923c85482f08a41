//! Reads one `<?vmm WORD key="value" ...?>` instruction.
//!
//! ```text
//! instruction = "<?vmm" word { key "=" quoted } "?>"
//! quoted      = '"' text '"' | "'" text "'"
//! ```

use crate::diagnostic::Diagnostics;
use crate::number;
use crate::source::{Source, Span, Spanned};
use crate::vocabulary::{self, Word};

/// One instruction, its word and keys known to be right.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it says.
    pub word: Word,
    /// The whole instruction.
    pub span: Span,
    /// The keys with their values, in the order of the text.
    pub keys: Vec<Key>,
}

/// One `key="value"`.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key.
    pub name: Spanned<String>,
    /// The value without its quotes.
    pub value: Spanned<String>,
}

impl Fact {
    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&Spanned<String>> {
        let key = self.keys.iter().find(|key| key.name.value == name)?;
        Some(&key.value)
    }

    /// The value of a key that holds a number; a bad one is reported.
    pub fn number(&self, name: &str, found: &mut Diagnostics) -> Option<Spanned<u64>> {
        let text = self.get(name)?;
        read_number(text, name, found)
    }
}

/// A number from a key or an attribute; a bad one is reported.
pub fn read_number(
    text: &Spanned<String>,
    name: &str,
    found: &mut Diagnostics,
) -> Option<Spanned<u64>> {
    let Some(value) = number::parse(&text.value) else {
        found
            .error(
                &text.span,
                format!("`{name}` is not a number"),
                "neither decimal nor 0x and hexadecimal digits",
            )
            .hint("write for example 4096, 0x1000 or 0x4000_0000");
        return None;
    };
    Some(Spanned {
        value,
        span: text.span.clone(),
    })
}

/// The named and numbered characters of XML, which an instruction does not know.
const ENTITIES: [&str; 6] = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#"];

/// Reads the instruction at `span`. Wrong keys are reported and left out; `None` after
/// reporting that it cannot be read at all.
pub fn parse(source: &Source, span: Span, found: &mut Diagnostics) -> Option<Fact> {
    let mut cursor = Cursor::new(source, &span);
    let name = cursor.name();
    let Some(word) = Word::find(&name.value) else {
        report_unknown_word(&name, &span, found);
        return None;
    };
    let mut keys: Vec<Key> = Vec::new();
    while !cursor.at_end() {
        let key = cursor.key(found)?;
        keys.push(key);
    }
    let mut fact = Fact { word, span, keys };
    report_entities(&fact, found);
    let wrong = check_keys(&fact, found);
    for index in wrong.into_iter().rev() {
        fact.keys.remove(index);
    }
    Some(fact)
}

fn report_unknown_word(name: &Spanned<String>, span: &Span, found: &mut Diagnostics) {
    if name.value.is_empty() {
        found
            .error(span, "a <?vmm?> instruction without a word", "says nothing")
            .hint(known_words());
        return;
    }
    let hint = match vocabulary::nearest(&name.value, word_names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => known_words(),
    };
    found
        .error(
            &name.span,
            format!("unknown word `{}` in a <?vmm?> instruction", name.value),
            "not a word of the grammar",
        )
        .hint(hint);
}

/// The text of an instruction stands for itself.
fn report_entities(fact: &Fact, found: &mut Diagnostics) {
    for value in fact.keys.iter().map(|key| &key.value) {
        let mut all = ENTITIES.iter();
        let Some((at, entity)) = all.find_map(|e| Some((value.value.find(e)?, e))) else {
            continue;
        };
        let start = value.span.start + at;
        found
            .error(
                &(start..start + entity.len()),
                format!("`{entity}` would be taken as it stands"),
                "no character of its own in an instruction",
            )
            .hint("write the character itself; a value in '...' may hold \", and one in \"...\" '");
    }
}

fn known_words() -> String {
    let names: Vec<_> = word_names().collect();
    format!("the words are: {}", names.join(", "))
}

fn word_names() -> impl Iterator<Item = &'static str> {
    Word::ALL.iter().map(|word| word.name())
}

/// Reports wrong and missing keys; gives the places of the wrong ones.
fn check_keys(fact: &Fact, found: &mut Diagnostics) -> Vec<usize> {
    let mut wrong = Vec::new();
    for (index, key) in fact.keys.iter().enumerate() {
        let name = key.name.value.as_str();
        let known = fact.word.required().iter().chain(fact.word.optional());
        if !known.clone().any(|known| *known == name) {
            report_unknown_key(fact, key, found);
            wrong.push(index);
        } else if let Some(first) = fact.keys[..index].iter().find(|k| k.name.value == name) {
            found
                .error(&key.name.span, format!("`{name}` is given twice"), "again")
                .related(&first.name.span, "first here")
                .hint("keep one of them");
            wrong.push(index);
        }
    }
    for name in fact.word.required() {
        if fact.get(name).is_none() {
            found
                .error(
                    &fact.span,
                    format!("`{}` needs the key `{name}`", fact.word.name()),
                    format!("no `{name}` here"),
                )
                .hint(format!("add {name}=\"...\""));
        }
    }
    wrong
}

fn report_unknown_key(fact: &Fact, key: &Key, found: &mut Diagnostics) {
    let known: Vec<&str> = fact
        .word
        .required()
        .iter()
        .chain(fact.word.optional())
        .copied()
        .collect();
    let hint = match vocabulary::nearest(&key.name.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("`{}` takes no keys", fact.word.name()),
        None => format!("`{}` takes: {}", fact.word.name(), known.join(", ")),
    };
    found
        .error(
            &key.name.span,
            format!("`{}` has no key `{}`", fact.word.name(), key.name.value),
            "unknown key",
        )
        .hint(hint);
}

/// Walks over the text between `<?vmm` and `?>`.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    fn new(source: &'a Source, span: &Span) -> Self {
        let mut cursor = Self {
            text: &source.text,
            at: span.start + "<?vmm".len(),
            end: span.end - "?>".len(),
        };
        cursor.skip_space();
        cursor
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..self.end]
    }

    fn at_end(&self) -> bool {
        self.at >= self.end
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn name(&mut self) -> Spanned<String> {
        let rest = self.rest();
        let is_end = |c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'');
        let length = rest.find(is_end).unwrap_or(rest.len());
        let span = self.at..self.at + length;
        self.at += length;
        self.skip_space();
        Spanned {
            value: rest[..length].to_owned(),
            span,
        }
    }

    fn key(&mut self, found: &mut Diagnostics) -> Option<Key> {
        let name = self.name();
        let value = self.value();
        if value.is_none() || name.value.is_empty() {
            let span = name.span.start..self.end.min(name.span.end.max(name.span.start + 1));
            found
                .error(
                    &span,
                    "expected key=\"value\"",
                    "not a key with a quoted value",
                )
                .hint("after its word, an instruction holds only key=\"value\" or key='value'");
            return None;
        }
        Some(Key {
            name,
            value: value?,
        })
    }

    fn value(&mut self) -> Option<Spanned<String>> {
        let after = self.rest().strip_prefix('=')?;
        let quoted = after.trim_start();
        let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let length = quoted[1..].find(quote)?;
        let start = self.end - quoted.len() + 1;
        self.at = start + length + 1;
        self.skip_space();
        Some(Spanned {
            value: quoted[1..=length].to_owned(),
            span: start..start + length,
        })
    }
}
