//! What speaks for and against a flat AArch64 binary, which has no header: its first bytes are
//! the first instruction.

/// How many instructions are looked at.
const STEPS: usize = 16;
/// So much of a file is enough to see that it is text.
const SAMPLE: usize = 4096;
/// So many bytes without a control character are text, in whatever encoding.
const OTHER_TEXT: usize = 32;

/// Refuses what is certainly none; otherwise says what makes it doubtful.
///
/// # Errors
/// What it is instead.
pub(super) fn check(bytes: &[u8]) -> Result<Option<String>, String> {
    for (value, name) in [(0, "zeroes"), (0xff, "0xff, like empty flash memory")] {
        if bytes.iter().all(|byte| *byte == value) {
            return Err(format!("holds nothing but {name}; is it the right file?"));
        }
    }
    if let Some(kind) = text_kind(bytes) {
        return Err(format!("is {kind}"));
    }
    let Some(first) = instruction(bytes, 0) else {
        return Err(format!(
            "has {} bytes, but an instruction has 4; is it the right file?",
            bytes.len()
        ));
    };
    if first >> 16 == 0 {
        return Err(format!(
            "is no arm64 Image and no ELF, and no flat binary either: its first instruction, \
             {first:#010x}, is undefined (UDF); is it the right file?"
        ));
    }
    Ok(doubt(bytes))
}

fn instruction(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

/// Follows the first instructions as far as they go in a row, branches included.
fn doubt(bytes: &[u8]) -> Option<String> {
    const TAKEN: &str = "it is taken for a flat binary and started all the same";
    let mut at = 0;
    for _ in 0..STEPS {
        let Some(word) = instruction(bytes, at) else {
            return Some(format!(
                "has no header, and its first instructions lead to {at:#x}, behind its end; {TAKEN}"
            ));
        };
        if !is_allocated(word) {
            return Some(format!(
                "has no header, and what stands at {at:#x}, among its first instructions, is no \
                 AArch64 instruction ({word:#010x}); {TAKEN}"
            ));
        }
        if ends_a_row(word) {
            return None;
        }
        at = match branch(word) {
            None => at + 4,
            Some(0) => return None,
            Some(distance) => match at.checked_add_signed(distance) {
                Some(target) => target,
                None => {
                    return Some(format!(
                        "has no header, and its first instructions branch to before its start; \
                         {TAKEN}"
                    ));
                }
            },
        };
    }
    None
}

/// Is there an instruction in the encoding space that `word` is in (Arm ARM C4.1, "A64
/// instruction set encoding")?
fn is_allocated(word: u32) -> bool {
    match (word >> 25) & 0xf {
        // Reserved, SME and unallocated: nothing that a program begins with.
        0b0000 | 0b0001 | 0b0011 => false,
        0b1010 | 0b1011 => is_allocated_branch(word),
        _ => true,
    }
}

/// As [`is_allocated`], for branches, exception generating and system instructions.
fn is_allocated_branch(word: u32) -> bool {
    match word >> 24 {
        // Exceptions.
        0xd4 => word & 0x1c == 0,
        // System instructions.
        0xd5 => word & 0x00c0_0000 == 0,
        // Branches to a register.
        0xd6 | 0xd7 => word & 0x001f_f000 == 0x001f_0000,
        _ => !matches!(word >> 29, 0b011 | 0b110 | 0b111),
    }
}

/// The distance in bytes that `b` and `bl` go.
fn branch(word: u32) -> Option<isize> {
    // A call is followed too: it comes first, and may not return.
    let is_branch = word & 0x7c00_0000 == 0x1400_0000;
    let distance = (word << 6).cast_signed() >> 4;
    is_branch.then_some(distance as isize)
}

/// Does another instruction than the next one follow, and it cannot be said which: `br`, `blr`,
/// `ret`, `eret` and the like, and exceptions?
fn ends_a_row(word: u32) -> bool {
    word & 0xfe00_0000 == 0xd600_0000 || word & 0xff00_0000 == 0xd400_0000
}

/// What kind of text it is, if it is text, and what to do.
fn text_kind(bytes: &[u8]) -> Option<&'static str> {
    let text = sample(bytes)?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower = start.get(..64).unwrap_or(start).to_ascii_lowercase();
    Some(if start.starts_with("version https://git-lfs") {
        "the stand-in that git-lfs leaves for a file; fetch the file: `git lfs pull`"
    } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "a web page; the download of the kernel has failed"
    } else if start.starts_with("#!") {
        "a script; give the kernel itself"
    } else if start.starts_with("/dts-v1/") {
        "the source of a device tree; compile it with dtc and give it as DTB="
    } else if start.starts_with(':') && is_hexadecimal(start.get(1..9)) {
        "an Intel HEX file; make it binary: `objcopy -I ihex -O binary FILE kernel.bin`"
    } else if start.starts_with("S0") && is_hexadecimal(start.get(2..8)) {
        "a Motorola S-record file; make it binary: `objcopy -I srec -O binary FILE kernel.bin`"
    } else {
        "text; a kernel is an arm64 Image, gzip of one, ELF or flat binary"
    })
}

fn is_hexadecimal(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The start of a file as text, when it is that: without control characters.
fn sample(bytes: &[u8]) -> Option<String> {
    let start = bytes.get(..SAMPLE).unwrap_or(bytes);
    let text = if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let little = bytes.starts_with(b"\xff");
        let (pairs, _) = start.as_chunks::<2>();
        let units = pairs.iter().map(|pair| match little {
            true => u16::from_le_bytes(*pair),
            false => u16::from_be_bytes(*pair),
        });
        let decoded: Result<String, _> = char::decode_utf16(units).collect();
        decoded.ok()?
    } else {
        match std::str::from_utf8(start) {
            Ok(text) => text.to_owned(),
            // The last character may be cut in two.
            Err(error) if error.error_len().is_none() && bytes.len() > SAMPLE => {
                String::from_utf8_lossy(start.get(..error.valid_up_to())?).into_owned()
            }
            Err(_) if start.len() >= OTHER_TEXT && !start.iter().any(|&byte| is_control(byte)) => {
                String::from_utf8_lossy(start).into_owned()
            }
            Err(_) => return None,
        }
    };
    let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    text.chars().all(is_text).then_some(text)
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
}
