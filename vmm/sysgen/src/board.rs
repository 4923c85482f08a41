//! `board/NAME/board.toml`: what the checks and the device tree need to know of a board.

mod devices;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use devices::{Device, Devices};

/// One board.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Microkit's name of the board.
    pub name: String,
    /// The board in words.
    pub title: String,
    /// Bits of a guest-physical address.
    pub address_bits: u8,
    /// CPU cores.
    pub cores: u8,
    /// Where the bootloader puts the image.
    pub load_address: u64,
    /// The file with its other devices, beside its own.
    #[serde(rename = "devices")]
    device_file: PathBuf,
    /// What that file says.
    #[serde(skip)]
    pub devices: Devices,
    /// Main memory.
    pub memory: Vec<Memory>,
    /// The cores.
    pub cpu: Cpu,
    /// Interrupt controller.
    pub gic: Gic,
    /// Console.
    pub uart: Uart,
    /// Timers.
    pub timer: Timer,
    /// The machine that QEMU has for it.
    pub qemu: Option<Qemu>,
}

/// A stretch of main memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Physical start.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// Kept back from the kernel, for guests that want fixed physical addresses?
    #[serde(default)]
    pub kept_for_guests: bool,
}

/// What kind of core it has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Its name.
    pub name: String,
    /// KiB of the pages that stage 1 translation can have (ID_AA64MMFR0_EL1.TGran*).
    pub granules_kib: Vec<u16>,
}

/// The board's interrupt controller.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gic {
    /// Architecture version.
    pub version: u8,
    /// GICD.
    pub distributor: u64,
    /// GICC (version 2).
    pub cpu_interface: Option<u64>,
    /// GICH (version 2).
    pub virtual_interface_control: Option<u64>,
    /// GICV (version 2): mapped to the guest in place of GICC.
    pub virtual_cpu_interface: Option<u64>,
    /// GICR (version 3).
    pub redistributors: Option<u64>,
    /// Highest INTID that the kernel hands out.
    pub highest_intid: u16,
}

/// The console UART.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uart {
    /// Physical address of its registers.
    pub base: u64,
    /// Their size.
    pub size: u64,
    /// `compatible` strings.
    pub compatible: Vec<String>,
    /// INTID.
    pub intid: u16,
    /// Edge triggered?
    #[serde(default)]
    pub edge: bool,
    /// Names of its clocks.
    #[serde(default)]
    pub clocks: Vec<String>,
    /// What Linux calls it in `console=` when it is the guest's first UART.
    pub console: String,
}

/// The generic timer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timer {
    /// Hertz.
    pub frequency: u64,
    /// May a protection domain use the EL1 physical timer (PPI 30) to end a WFI sleep?
    pub physical_exported: bool,
}

/// How QEMU runs the board.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qemu {
    /// The oldest QEMU that runs it, as 7.2.
    pub version: String,
    /// Arguments; `{image}` stands for the path of loader.img.
    pub arguments: Vec<String>,
    /// Name of the bus at the virtio device `{number}` of `devices`, as QEMU has it.
    #[serde(default)]
    pub virtio_bus: Option<String>,
    /// Which `-serial` is the console, counted from zero.
    #[serde(default)]
    pub console: u8,
}

/// A board file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// It cannot be read.
    #[error("cannot read {path}: {reason}; a board is a folder board/NAME with a board.toml")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// It says something wrong.
    #[error("{path}: {reason}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What and where.
        reason: Box<toml::de::Error>,
    },
    /// No board can be so.
    #[error("{path}: {problem}")]
    Value {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, BoardError> {
    let text = fs::read_to_string(path).map_err(|reason| BoardError::Read {
        path: path.to_owned(),
        reason,
    })?;
    toml::from_str(&text).map_err(|reason| BoardError::Content {
        path: path.to_owned(),
        reason: Box::new(reason),
    })
}

impl Gic {
    /// Can a guest get this interrupt?
    pub(crate) fn routes(&self, intid: u64) -> bool {
        (32..=u64::from(self.highest_intid)).contains(&intid)
    }

    /// Is one of its frames in the range?
    pub(crate) fn is_inside(&self, range: &Range<u64>) -> bool {
        let frames = [
            Some(self.distributor),
            self.cpu_interface,
            self.virtual_interface_control,
            self.virtual_cpu_interface,
            self.redistributors,
        ];
        frames.iter().flatten().any(|frame| range.contains(frame))
    }
}

impl Uart {
    fn device(&self) -> Device {
        Device {
            name: "uart".to_owned(),
            base: self.base,
            size: self.size,
            compatible: self.compatible.clone(),
            intids: vec![self.intid],
            edge: self.edge,
            count: 1,
        }
    }
}

impl Board {
    /// Reads a board.toml.
    ///
    /// # Errors
    /// When the file cannot be read or is not a board description.
    pub fn load(path: &Path) -> Result<Self, BoardError> {
        let mut board: Self = read(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        board.devices = read(&folder.join(&board.device_file))?;
        let uart = board.uart.device();
        board.devices.device.push(uart);
        match board.problem() {
            None => Ok(board),
            Some(problem) => Err(BoardError::Value {
                path: path.to_owned(),
                problem,
            }),
        }
    }

    /// The first number that no board can have.
    fn problem(&self) -> Option<String> {
        let (highest, bits) = (self.gic.highest_intid, self.address_bits);
        if self.cores == 0 {
            return Some("cores is 0".to_owned());
        }
        if !(32..=48).contains(&bits) {
            return Some(format!("address_bits is {bits}; AArch64 has 32 to 48"));
        }
        if !(32..=1019).contains(&highest) {
            return Some(format!(
                "highest_intid is {highest}; interrupts of devices are 32 to 1019"
            ));
        }
        if self.uart.intid > highest {
            return Some(format!(
                "the UART's interrupt {} is above highest_intid ({highest})",
                self.uart.intid
            ));
        }
        let is_beyond = |m: &&Memory| m.base.saturating_add(m.size) > 1 << bits;
        let beyond = self.memory.iter().find(is_beyond)?;
        Some(format!(
            "memory at {:#x} ends beyond {bits} address bits",
            beyond.base
        ))
    }

    /// Is it neither main memory nor the interrupt controller, nor beyond all addresses?
    pub(crate) fn may_have_device(&self, range: &Range<u64>) -> bool {
        let touches =
            |m: &Memory| m.base < range.end && range.start < m.base.saturating_add(m.size);
        let is_memory = self.memory.iter().any(touches);
        !is_memory && !self.gic.is_inside(range) && range.end <= 1 << self.address_bits
    }

    /// Its console, as a system XML and a kernel command line have it.
    pub fn uart_in_words(&self) -> String {
        let words = self.uart.device().in_words();
        let (name, console) = (&self.name, &self.uart.console);
        format!("the UART of {name}: {words}, and console={console} in the bootargs")
    }

    /// QEMU's arguments for this board with `image` loaded; `None` when QEMU has no such
    /// machine. The console (`-serial`, `-nographic`) is left to the caller.
    pub fn qemu_arguments(&self, image: &Path) -> Option<Vec<String>> {
        // Between QEMU's suboptions a comma separates, two stand for one.
        let image = image.to_string_lossy().replace(',', ",,");
        let arguments = &self.qemu.as_ref()?.arguments;
        let filled = arguments.iter().map(|text| text.replace("{image}", &image));
        Some(filled.collect())
    }
}
