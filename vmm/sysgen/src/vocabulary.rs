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
    /// The `<map>` of a driver's `<protection_domain>` that follows it.
    DriverMap,
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
            Self::DriverMap => "just before a <map> of a <protection_domain> marked `driver`",
            Self::Domain => "just before a <protection_domain>",
        }
    }
}

/// What is to be known of a word.
#[derive(Clone, Copy, Debug)]
struct Grammar {
    name: &'static str,
    subject: Subject,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

/// Defines the words: each with its name, its subject, and the keys that must and may be there.
macro_rules! words {
    ($($word:ident: $name:literal, $subject:ident, $required:expr, $optional:expr;)*) => {
        /// A word of the grammar.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word {
            $(#[doc = concat!("`", $name, "`")] $word,)*
        }

        impl Word {
            /// All words.
            pub const ALL: &[Self] = &[$(Self::$word,)*];

            const fn grammar(self) -> Grammar {
                match self {
                    $(Self::$word => Grammar {
                        name: $name,
                        subject: Subject::$subject,
                        required: &$required,
                        optional: &$optional,
                    },)*
                }
            }
        }
    };
}

words! {
    Guest: "guest", Guest, [], ["bootargs", "stdout", "psci", "load"];
    Gic: "gic", Guest, ["version", "distributor"], [];
    Policy: "policy", Guest, [], ["power-off", "reset", "crash"];
    Emulated: "emulated", Guest, ["name", "type", "registers"],
        ["interrupts", "channels", "memory", "parameters", "compatible", "clocks"];
    NodeProperty: "node-property", Guest, ["device", "name"], ["cells", "strings"];
    Virtio: "virtio", Guest, ["name", "type", "address", "interrupt", "backend"],
        ["memory", "channel", "read-only", "capacity", "first-sector", "sectors", "columns",
            "rows", "mac", "mtu"];
    Ram: "ram", GuestMap, [], ["memory-node"];
    Device: "device", GuestMap, ["name"], ["compatible", "offset", "size", "clocks"];
    Registers: "registers", GuestMap, ["device"], ["offset", "size"];
    Property: "property", GuestMap, ["name"], ["cells", "strings"];
    GicCpuInterface: "gic-cpu-interface", GuestMap, [], [];
    GicShadow: "gic-shadow", GuestMap, [], [];
    Image: "image", OwnMap, [], [];
    Console: "console", OwnMap, [], [];
    WakePage: "wake-page", OwnMap, [], [];
    Interrupt: "interrupt", Interrupt, ["device"], [];
    WakeTimer: "wake-timer", Interrupt, [], [];
    DriverRegisters: "driver-registers", DriverMap, [], ["offset", "size"];
    Dma: "dma", DriverMap, [], [];
    Ticker: "ticker", Domain, [], [];
    Driver: "driver", Domain, ["type"], [];
    Program: "program", Domain, ["crate"], [];
}

impl Word {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        self.grammar().name
    }

    /// What it is about.
    pub const fn subject(self) -> Subject {
        self.grammar().subject
    }

    /// Keys that must be there.
    pub const fn required(self) -> &'static [&'static str] {
        self.grammar().required
    }

    /// Keys that may be there.
    pub const fn optional(self) -> &'static [&'static str] {
        self.grammar().optional
    }

    /// The word of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.name() == name)
    }
}

/// The known name that `name` was probably meant to be: one with few other letters, or one that
/// `name` is a part of.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let scored = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate));
    let (distance, best) = scored.min_by_key(|(distance, _)| *distance)?;
    let is_part = |candidate: &&str| name.len() >= 3 && candidate.contains(name);
    let part = known.iter().copied().find(is_part);
    if distance <= 1 {
        return Some(best);
    }
    part.or_else(|| (distance <= 1 + name.len() / 3).then_some(best))
}
