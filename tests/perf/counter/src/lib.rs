//! Counts executed instructions: a plugin for QEMU, which translates code block by block.
//!
//!     qemu-system-aarch64 ... -plugin FILE,out=COUNTS[,mark=FIRST-LAST[+FIRST-LAST]...]...
//!
//! Every instruction of a block has a counter, so that a block that is left early is counted
//! exactly. Counts are written in phases: the next one begins when an instruction in a range of
//! the next `mark` (hexadecimal addresses) is executed for the first time, and whenever the
//! guest executes [`MARK`]. It needs `-icount`, which runs all CPUs in one thread.
#![expect(unsafe_code, reason = "QEMU's plugin interface is C")]

mod api;
mod counts;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::ops::RangeInclusive;
use std::ptr::{null_mut, without_provenance_mut};
use std::slice;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::counts::Counts;

/// `movz xzr, #0xbe7c`: does nothing, and no compiler writes it.
const MARK: u32 = 0xd297_cf9f;

/// The version that this plugin is for, which QEMU reads after loading it.
#[unsafe(export_name = "qemu_plugin_version")]
static VERSION: AtomicI32 = AtomicI32::new(1);

/// Runs when the plugin is loaded.
#[used]
#[unsafe(link_section = ".init_array")]
static ON_LOAD: extern "C" fn() = choose_version;

/// Addresses whose first execution begins a phase.
type Mark = Vec<RangeInclusive<u64>>;

/// The version of the QEMU that runs.
static QEMU: AtomicI32 = AtomicI32::new(1);
static COUNTS: OnceLock<Mutex<Counts>> = OnceLock::new();
static MARKS: OnceLock<Vec<Mark>> = OnceLock::new();
static MARKS_SEEN: AtomicUsize = AtomicUsize::new(0);

/// No version suits both QEMU 7.2 and 9.0; what was new in the latter tells them apart.
extern "C" fn choose_version() {
    // SAFETY: a null library means all that is loaded; the name is a C string.
    let new = unsafe { api::dlsym(null_mut(), c"qemu_plugin_scoreboard_new".as_ptr()) };
    if !new.is_null() {
        VERSION.store(3, Relaxed);
    }
}

/// QEMU's entry: takes the arguments and asks for every block. Not 0 when they are wrong.
///
/// # Safety
/// `info` and the `count` strings at `arguments` must be valid, as QEMU's are.
#[unsafe(export_name = "qemu_plugin_install")]
pub(crate) unsafe extern "C" fn install(
    id: api::Id,
    info: *const api::Info,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    let info = unsafe { &*info };
    QEMU.store(info.version, Relaxed);
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller's promise.
    let arguments = unsafe { slice::from_raw_parts(arguments, count) };
    // SAFETY: the caller's promise.
    let text = |&argument: &*const c_char| unsafe { CStr::from_ptr(argument) };
    let texts: Vec<String> = arguments
        .iter()
        .map(|argument| text(argument).to_string_lossy().into_owned())
        .collect();
    if let Err(error) = take(&texts) {
        eprintln!("instruction counter: {error}");
        return 1;
    }
    // SAFETY: the identity that QEMU has just given, and a callback as it wants it.
    unsafe { api::on_translation(id, translated) };
    // SAFETY: the same.
    unsafe { api::on_exit(id, finished, null_mut()) };
    0
}

fn take(arguments: &[String]) -> Result<(), String> {
    let mut marks = Vec::new();
    for argument in arguments {
        match argument.split_once('=') {
            Some(("out", path)) => {
                let file = File::create(path).map_err(|error| format!("{path}: {error}"))?;
                let _ = COUNTS.set(Mutex::new(Counts::new(file)));
            }
            Some(("mark", text)) => {
                let mark: Option<Mark> = text.split('+').map(range).collect();
                marks.push(mark.ok_or_else(|| format!("'{text}' is no FIRST-LAST"))?);
            }
            _ => return Err(format!("unknown argument '{argument}'")),
        }
    }
    let _ = MARKS.set(marks);
    match COUNTS.get() {
        Some(_) => Ok(()),
        None => Err("out=FILE is missing".to_owned()),
    }
}

fn range(text: &str) -> Option<RangeInclusive<u64>> {
    let (first, last) = text.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(number(first)?..=number(last)?)
}

fn counts() -> Option<MutexGuard<'static, Counts>> {
    let counts = COUNTS.get()?;
    Some(counts.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A block was read: gives each of its instructions a counter.
extern "C" fn translated(_: api::Id, block: *mut api::Block) {
    // SAFETY: QEMU's block, valid during this call; and so are its instructions.
    let length = unsafe { api::length(block) };
    // SAFETY: the same, and the index is below the length.
    let instruction = |index| unsafe { api::instruction(block, index) };
    let instructions: Vec<_> = (0..length).map(instruction).collect();
    let code: Vec<u32> = instructions.iter().map(|&each| word(each)).collect();
    let Some(&first) = instructions.first() else {
        return;
    };
    // SAFETY: a valid instruction.
    let start = unsafe { api::address(first) };
    let Some(mut counts) = counts() else { return };
    let counters = counts.of(start, code.clone());
    for ((&instruction, &word), counter) in instructions.iter().zip(&code).zip(counters) {
        // First, so that the instruction itself belongs to the phase that it begins.
        register_marks(instruction, word);
        let counter = std::ptr::from_ref(counter).cast_mut().cast();
        // SAFETY: a valid instruction; the counter is never freed.
        unsafe { api::on_execution(instruction, executed, api::NO_REGISTERS, counter) };
    }
}

/// The instruction itself.
fn word(instruction: *mut api::Instruction) -> u32 {
    let mut bytes = [0; 4];
    if QEMU.load(Relaxed) < 3 {
        // SAFETY: a valid instruction.
        let place = unsafe { api::bytes(instruction) };
        // SAFETY: every instruction of AArch64 has four bytes; they are valid as long as it is.
        bytes = unsafe { *place };
    } else {
        // SAFETY: a valid instruction, and room for four bytes.
        unsafe { api::copy_bytes(instruction, &raw mut bytes, bytes.len()) };
    }
    u32::from_le_bytes(bytes)
}

fn register_marks(instruction: *mut api::Instruction, word: u32) {
    // SAFETY: a valid instruction.
    let address = unsafe { api::address(instruction) };
    let marks = MARKS.get().map_or(&[][..], Vec::as_slice);
    let coming = marks.iter().enumerate().skip(MARKS_SEEN.load(Relaxed));
    let held = |mark: &Mark| mark.iter().any(|range| range.contains(&address));
    for (index, _) in coming.filter(|(_, mark)| held(mark)) {
        let data = without_provenance_mut(index);
        // SAFETY: a valid instruction; the callback takes the number back.
        unsafe { api::on_execution(instruction, reached, api::NO_REGISTERS, data) };
    }
    if word == MARK {
        // SAFETY: a valid instruction; the callback ignores its data.
        unsafe { api::on_execution(instruction, marked, api::NO_REGISTERS, null_mut()) };
    }
}

extern "C" fn executed(_: c_uint, counter: *mut c_void) {
    // SAFETY: `translated` gave it, and it lives for ever.
    let counter = unsafe { &*counter.cast::<AtomicU64>() };
    // There is one thread of CPUs; this is quicker than fetch_add.
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

/// An instruction in a range of a mark; only the first of the next mark counts.
extern "C" fn reached(_: c_uint, index: *mut c_void) {
    if MARKS_SEEN.load(Relaxed) == index.addr() {
        MARKS_SEEN.fetch_add(1, Relaxed);
        end_phase();
    }
}

extern "C" fn marked(_: c_uint, _: *mut c_void) {
    end_phase();
}

extern "C" fn finished(_: api::Id, _: *mut c_void) {
    end_phase();
}

fn end_phase() {
    if let Some(Err(error)) = counts().map(|mut counts| counts.end_phase()) {
        eprintln!("instruction counter: {error}");
    }
}
