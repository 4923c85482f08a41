//! The words that a `<?vmm ...?>` instruction may say, and where.

/// What an instruction is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The `<virtual_machine>` that it stands in.
    Guest,
    /// The `<map>` of a `<virtual_machine>` that follows it.
    GuestMap,
    /// The `<map>` of the VMM's `<protection_domain>` that follows it.
    OwnMap,
    /// The `<irq>` of the VMM's `<protection_domain>` that follows it.
    Interrupt,
    /// The `<protection_domain>` that follows it.
    Domain,
}

impl Subject {
    /// Where such an instruction belongs, for hints.
    pub fn place(self) -> &'static str {
        match self {
            Self::Guest => "directly inside a <virtual_machine>",
            Self::GuestMap => "just before a <map> inside a <virtual_machine>",
            Self::OwnMap => "just before a <map> of the <protection_domain> that runs the VMM",
            Self::Interrupt => "just before an <irq> of the <protection_domain> that runs the VMM",
            Self::Domain => "just before a <protection_domain>",
        }
    }
}

/// One word with the keys that it takes.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As written.
    pub name: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// Keys that must be there.
    pub required: &'static [&'static str],
    /// Keys that may be there.
    pub optional: &'static [&'static str],
}

const fn word(
    name: &'static str,
    subject: Subject,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Word {
    Word {
        name,
        subject,
        required,
        optional,
    }
}

/// All words.
pub const WORDS: [Word; 15] = [
    word(
        "guest",
        Subject::Guest,
        &[],
        &["bootargs", "stdout", "psci", "load"],
    ),
    word("gic", Subject::Guest, &["version", "distributor"], &[]),
    word(
        "policy",
        Subject::Guest,
        &[],
        &["power-off", "reset", "crash"],
    ),
    word("ram", Subject::GuestMap, &[], &["memory-node"]),
    word(
        "device",
        Subject::GuestMap,
        &["name"],
        &["compatible", "offset", "size", "clocks"],
    ),
    word(
        "registers",
        Subject::GuestMap,
        &["device"],
        &["offset", "size"],
    ),
    word(
        "property",
        Subject::GuestMap,
        &["name"],
        &["cells", "strings"],
    ),
    word("gic-cpu-interface", Subject::GuestMap, &[], &[]),
    word("gic-shadow", Subject::GuestMap, &[], &[]),
    word("image", Subject::OwnMap, &[], &[]),
    word("console", Subject::OwnMap, &[], &[]),
    word("wake-page", Subject::OwnMap, &[], &[]),
    word("interrupt", Subject::Interrupt, &["device"], &[]),
    word("wake-timer", Subject::Interrupt, &[], &[]),
    word("ticker", Subject::Domain, &[], &[]),
];

/// Looks a word up.
pub fn find(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

/// The known name that `name` was probably meant to be: one with few other letters, or one that
/// `name` is a part of.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let scored = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate));
    let (distance, best) = scored.min_by_key(|(distance, _)| *distance)?;
    if distance <= 1 + name.len() / 3 {
        return Some(best);
    }
    let is_part = |candidate: &&str| name.len() >= 3 && candidate.contains(name);
    known.into_iter().find(is_part)
}
