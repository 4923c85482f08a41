//! `<virtual_machine>`: virtual CPUs and guest-physical memory.

use devsdk_image::VSPACE_END;

use super::protection_domain::Scheduling;
use super::{ID_END, Map, map};
use crate::xml::Element;
use crate::{Error, Result};

/// A virtual machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualMachine {
    /// Unique among virtual machines.
    pub name: String,
    /// For each of its virtual CPUs.
    pub scheduling: Scheduling,
    /// At least one.
    pub vcpus: Vec<VirtualCpu>,
    /// Guest-physical memory and devices.
    pub maps: Vec<Map>,
}

/// A virtual CPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualCpu {
    /// Its number among the PD's children.
    pub id: u64,
}

impl VirtualMachine {
    pub(super) fn from_element(element: Element<'_>) -> Result<Self> {
        element.allow_attributes(&["name", "budget", "period", "priority"])?;
        let name = element.text("name")?;
        let scheduling = Scheduling::from_element(element)?;
        let mut vcpus = Vec::new();
        let mut maps = Vec::new();
        for child in element.children() {
            match child.name() {
                "vcpu" => vcpus.push(virtual_cpu(child, &vcpus, &name)?),
                "map" => {
                    child.allow_attributes(&map::ATTRIBUTES)?;
                    maps.push(Map::from_element(child, VSPACE_END)?);
                }
                _ => return Err(child.unknown()),
            }
        }
        if vcpus.is_empty() {
            return Err(Error::System(format!(
                "missing 'vcpu' element on virtual_machine: '{name}'"
            )));
        }
        Ok(Self {
            name,
            scheduling,
            vcpus,
            maps,
        })
    }
}

/// `setvar_id` is allowed and ignored, as in Microkit 2.3.
fn virtual_cpu(element: Element<'_>, others: &[VirtualCpu], machine: &str) -> Result<VirtualCpu> {
    element.allow_attributes(&["id", "setvar_id", "cpu"])?;
    let id = element.identifier(ID_END)?;
    if others.iter().any(|other| other.id == id) {
        let location = element.location();
        return Err(Error::System(format!(
            "duplicate vcpu id {id} in virtual machine '{machine}' @ {location}"
        )));
    }
    check_cpu(element)?;
    Ok(VirtualCpu { id })
}

/// There is one core.
pub(super) fn check_cpu(element: Element<'_>) -> Result<()> {
    match element.number("cpu")? {
        Some(cpu) if cpu != 0 => {
            Err(element.error(format!("cpu core must be less than 1, got {cpu}")))
        }
        _ => Ok(()),
    }
}
