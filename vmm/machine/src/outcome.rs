//! What becomes of a vCPU, and of the guest, after an exit.

/// What the caller does with the vCPU whose exit was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Write the registers back and let it go on.
    Resume,
    /// Write the registers back and send no reply: the machine resumes it when it is time.
    Block,
    /// The exit is forgotten: the vCPU was stopped or started anew.
    Drop,
    /// As [`Drop`](Self::Drop), and the guest is at its first instruction.
    Started,
    /// The guest ended.
    End(End),
}

/// How a guest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// PSCI SYSTEM_OFF, or the last vCPU switched itself off.
    PowerOff,
    /// PSCI SYSTEM_RESET or SYSTEM_RESET2.
    Reset,
    /// The VMM cannot go on with it.
    Crash(CrashReason),
    /// It was not let run, as the processor has this feature, which no guest may have.
    Refused(&'static str),
}

/// Why the VMM gave up a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashReason {
    /// The kernel reported something that the VMM has no rule for.
    UnknownExit,
    /// The guest's exception handler cannot run its first instruction.
    EndlessException,
    /// An exit in the instructions that bring a vCPU to its reset state before the guest runs.
    ResetFailed,
    /// An exit of a vCPU that was never started.
    NotStarted,
}

impl CrashReason {
    /// The reason in words.
    pub const fn text(&self) -> &'static str {
        match self {
            Self::UnknownExit => "the kernel reported an exit without a rule",
            Self::EndlessException => "its exception handler faults at its first instruction",
            Self::ResetFailed => "its vCPU could not be reset",
            Self::NotStarted => "an exit of a vCPU that was never started",
        }
    }
}
