//! `<protection_domain>`: a program with an address space, a priority and a budget.

use std::path::PathBuf;

use devsdk_image::{IrqTrigger, STACK_TOP};

use super::virtual_machine::check_cpu;
use super::{ID_END, Map, SMALL_PAGE, VirtualMachine, map, not_offered};
use crate::xml::Element;
use crate::{Error, Result};

const DEFAULT_STACK_SIZE: u64 = 0x2000;
const MIN_STACK_SIZE: u64 = 0x1000;
const MAX_STACK_SIZE: u64 = 0x100_0000;
const MAX_PRIORITY: u64 = 254;
const DEFAULT_BUDGET: u64 = 1000;

/// A protection domain (PD).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionDomain {
    /// Unique.
    pub name: String,
    /// Index of the parent, for a nested PD.
    pub parent: Option<usize>,
    /// Its number among the parent's children.
    pub id: Option<u64>,
    /// Priority and budget.
    pub scheduling: Scheduling,
    /// Whether it runs only when called.
    pub passive: bool,
    /// Bytes, whole pages.
    pub stack_size: u64,
    /// Whether it may call the firmware.
    pub smc: bool,
    /// Whether it may use floating point.
    pub fpu: bool,
    /// Its ELF file, below a search path.
    pub program: PathBuf,
    /// Another ELF file that holds the symbols.
    pub program_for_symbols: Option<PathBuf>,
    /// What it sees of the memory regions.
    pub maps: Vec<Map>,
    /// The interrupts that it handles.
    pub irqs: Vec<Irq>,
    /// Variables that the tool fills in.
    pub variables: Vec<SetVariable>,
    /// The virtual machine that it runs.
    pub virtual_machine: Option<VirtualMachine>,
    /// Where it stands in the description.
    pub location: String,
    children: Vec<ProtectionDomain>,
}

/// When a thread runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduling {
    /// 0 to 254.
    pub priority: u8,
    /// Microseconds of each period.
    pub budget: u64,
    /// Microseconds.
    pub period: u64,
}

/// An interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Irq {
    /// The GIC's number.
    pub intid: u64,
    /// The channel's number at the PD.
    pub id: u64,
    /// How the device signals.
    pub trigger: IrqTrigger,
}

/// A variable of the program that the tool sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetVariable {
    /// The symbol.
    pub symbol: String,
    /// What it becomes.
    pub value: Value,
}

/// A [`SetVariable`]'s value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An address or a number that the description gives.
    Number(u64),
    /// A region's size.
    RegionSize(String),
    /// Where a region lies.
    RegionAddress(String),
    /// The size of a region's prefill.
    PrefillSize(String),
}

impl SetVariable {
    /// Adds the variable unless there is one for the symbol.
    pub(super) fn add_to(self, variables: &mut Vec<Self>, element: Element<'_>) -> Result<()> {
        if variables.iter().any(|other| other.symbol == self.symbol) {
            let symbol = self.symbol;
            return Err(element.error(format!("setvar on symbol '{symbol}' already exists")));
        }
        variables.push(self);
        Ok(())
    }
}

impl Scheduling {
    pub(super) fn from_element(element: Element<'_>) -> Result<Self> {
        let budget = element.number("budget")?.unwrap_or(DEFAULT_BUDGET);
        let period = element.number("period")?.unwrap_or(budget);
        if budget > period {
            return Err(element.error(format!(
                "budget ({budget}) must be less than, or equal to, period ({period})"
            )));
        }
        if budget == 0 {
            return Err(element.error("budget must not be 0: the kernel refuses it"));
        }
        let priority = element.number("priority")?.unwrap_or(0);
        match u8::try_from(priority) {
            Ok(priority) if u64::from(priority) <= MAX_PRIORITY => Ok(Self {
                priority,
                budget,
                period,
            }),
            _ => Err(element.error(format!("priority must be between 0 and {MAX_PRIORITY}"))),
        }
    }
}

const ATTRIBUTES: [&str; 12] = [
    "name",
    "priority",
    "budget",
    "period",
    "passive",
    "stack_size",
    "smc",
    "cpu",
    "domain",
    "fpu",
    // The last two are for nested PDs.
    "id",
    "setvar_id",
];

impl ProtectionDomain {
    pub(super) fn from_element(element: Element<'_>, nested: bool) -> Result<Self> {
        let attributes = if nested {
            ATTRIBUTES.as_slice()
        } else {
            &ATTRIBUTES[..10]
        };
        element.allow_attributes(attributes)?;
        let name = element.text("name")?;
        let id = if nested {
            Some(child_id(element)?)
        } else {
            None
        };
        let mut pd = Self {
            id,
            parent: None,
            scheduling: Scheduling::from_element(element)?,
            passive: element.switch("passive", false)?,
            stack_size: stack_size(element)?,
            smc: element.switch("smc", false)?,
            fpu: element.switch("fpu", true)?,
            program: PathBuf::new(),
            program_for_symbols: None,
            maps: Vec::new(),
            irqs: Vec::new(),
            variables: Vec::new(),
            virtual_machine: None,
            location: element.location(),
            children: Vec::new(),
            name,
        };
        check_cpu(element)?;
        if let Some(domain) = element.attribute("domain") {
            return Err(element.error(format!(
                "Specifying a domain '{domain}' without declaring a domain schedule is not allowed:"
            )));
        }
        for child in element.children() {
            pd.add(child, element)?;
        }
        if pd.program.as_os_str().is_empty() {
            let name = pd.name;
            return Err(Error::System(format!(
                "missing 'program_image' element on protection_domain: '{name}'"
            )));
        }
        Ok(pd)
    }

    /// First address above the regions: the stack's lowest.
    #[must_use]
    pub fn stack_bottom(&self) -> u64 {
        STACK_TOP - self.stack_size
    }

    fn add(&mut self, element: Element<'_>, own: Element<'_>) -> Result<()> {
        match element.name() {
            "program_image" => self.add_program(element, own),
            "map" => self.add_map(element),
            "irq" => self.add_irq(element),
            "setvar" => self.add_variable(element),
            "protection_domain" => self.add_child(element),
            "virtual_machine" => self.add_virtual_machine(element, own),
            "ioport" => Err(own.error("I/O Ports are only available on x86")),
            "cspace" => Err(not_offered(element)),
            _ => Err(element.unknown()),
        }
    }

    fn add_program(&mut self, element: Element<'_>, own: Element<'_>) -> Result<()> {
        element.allow_attributes(&["path", "path_for_symbols"])?;
        if !self.program.as_os_str().is_empty() {
            return Err(own.error("program_image must only be specified once"));
        }
        self.program = element.required("path")?.into();
        if self.program.as_os_str().is_empty() {
            return Err(element.error("path must not be empty"));
        }
        self.program_for_symbols = element.attribute("path_for_symbols").map(PathBuf::from);
        Ok(())
    }

    fn add_map(&mut self, element: Element<'_>) -> Result<()> {
        let variables = ["setvar_vaddr", "setvar_size", "setvar_prefill_size"];
        element.allow_attributes(&[map::ATTRIBUTES.as_slice(), &variables].concat())?;
        let map = Map::from_element(element, self.stack_bottom())?;
        let region = &map.region;
        self.set(element, "setvar_vaddr", Value::Number(map.vaddr))?;
        self.set(element, "setvar_size", Value::RegionSize(region.clone()))?;
        self.set(
            element,
            "setvar_prefill_size",
            Value::PrefillSize(region.clone()),
        )?;
        self.maps.push(map);
        Ok(())
    }

    /// Sets the variable that the attribute names, if the element has the attribute.
    fn set(&mut self, element: Element<'_>, attribute: &str, value: Value) -> Result<()> {
        match element.owned(attribute) {
            Some(symbol) => SetVariable { symbol, value }.add_to(&mut self.variables, element),
            None => Ok(()),
        }
    }

    fn add_irq(&mut self, element: Element<'_>) -> Result<()> {
        let id = element.identifier(ID_END)?;
        self.set(element, "setvar_id", Value::Number(id))?;
        if element.attribute("irq").is_none() {
            if element.attribute("pin").is_some() {
                return Err(element.error("x86 I/O APIC IRQ isn't supported on ARM and RISC-V"));
            }
            if element.attribute("pcidev").is_some() {
                return Err(element.error("x86 MSI IRQ isn't supported on ARM and RISC-V"));
            }
        }
        let number = element.required("irq")?;
        element.allow_attributes(&["irq", "id", "setvar_id", "trigger"])?;
        let intid = number.parse().map_err(|error| {
            element.error(format!("irq '{number}' is not a decimal number ({error})"))
        })?;
        let trigger = match element.attribute("trigger") {
            None | Some("level") => IrqTrigger::Level,
            Some("edge") => IrqTrigger::Edge,
            Some(_) => return Err(element.error("trigger must be either 'level' or 'edge'")),
        };
        self.irqs.push(Irq { intid, id, trigger });
        Ok(())
    }

    fn add_variable(&mut self, element: Element<'_>) -> Result<()> {
        element.allow_attributes(&["symbol", "region_paddr"])?;
        let symbol = element.text("symbol")?;
        let value = Value::RegionAddress(element.text("region_paddr")?);
        SetVariable { symbol, value }.add_to(&mut self.variables, element)
    }

    fn add_child(&mut self, element: Element<'_>) -> Result<()> {
        let child = Self::from_element(element, true)?;
        self.set(
            element,
            "setvar_id",
            Value::Number(child.id.unwrap_or_default()),
        )?;
        self.children.push(child);
        Ok(())
    }

    fn add_virtual_machine(&mut self, element: Element<'_>, own: Element<'_>) -> Result<()> {
        if self.virtual_machine.is_some() {
            return Err(own.error("virtual_machine must only be specified once"));
        }
        self.virtual_machine = Some(VirtualMachine::from_element(element)?);
        Ok(())
    }

    /// Refuses a child's number that another child or a virtual CPU has.
    fn check_child_ids(&self) -> Result<()> {
        let vcpus = self
            .virtual_machine
            .iter()
            .flat_map(|machine| &machine.vcpus);
        let vcpus: Vec<u64> = vcpus.map(|vcpu| vcpu.id).collect();
        for (index, child) in self.children.iter().enumerate() {
            let id = child.id.unwrap_or_default();
            let clash = if self.children[..index]
                .iter()
                .any(|other| other.id == child.id)
            {
                ""
            } else if vcpus.contains(&id) {
                " clashes with virtual machine vcpu id"
            } else {
                continue;
            };
            let (name, location) = (&self.name, &child.location);
            return Err(Error::System(format!(
                "duplicate id: {id}{clash} in protection domain: '{name}' @ {location}"
            )));
        }
        Ok(())
    }
}

fn child_id(element: Element<'_>) -> Result<u64> {
    match element.required_number("id")? {
        id if id < ID_END => Ok(id),
        _ => Err(element.error(format!("id must be < {ID_END}"))),
    }
}

fn stack_size(element: Element<'_>) -> Result<u64> {
    let size = element.number("stack_size")?.unwrap_or(DEFAULT_STACK_SIZE);
    if !(MIN_STACK_SIZE..=MAX_STACK_SIZE).contains(&size) {
        return Err(element.error(format!(
            "stack size must be between {MIN_STACK_SIZE:#x} bytes and {MAX_STACK_SIZE:#x} bytes"
        )));
    }
    if !size.is_multiple_of(SMALL_PAGE) {
        return Err(element.error(format!(
            "stack size must be aligned to the smallest page size, {SMALL_PAGE} bytes"
        )));
    }
    Ok(size)
}

/// Puts nested PDs into one list, each after its parent.
pub(super) fn flatten(trees: Vec<ProtectionDomain>) -> Result<Vec<ProtectionDomain>> {
    let mut all = Vec::new();
    for tree in trees {
        append(&mut all, tree, None)?;
    }
    Ok(all)
}

fn append(
    all: &mut Vec<ProtectionDomain>,
    mut pd: ProtectionDomain,
    parent: Option<usize>,
) -> Result<()> {
    pd.check_child_ids()?;
    let children = std::mem::take(&mut pd.children);
    pd.parent = parent;
    let index = all.len();
    all.push(pd);
    children
        .into_iter()
        .try_for_each(|child| append(all, child, Some(index)))
}
