//! Filling in the variables that libmicrokit, rust-sel4 and the system description ask for.

use crate::program::Program;
use crate::system::{ProtectionDomain, System, Value};
use crate::{Error, Result};

const NAME_LENGTH: usize = 64;
const WORD_BYTES: u64 = 8;

/// Writes every variable of every PD. `physical` tells where a region lies.
///
/// # Errors
/// When a program lacks a variable, or has it twice, or of another size.
pub fn patch(
    system: &System,
    programs: &mut [Program],
    physical: impl Fn(&str) -> Option<u64>,
) -> Result<()> {
    for (index, (pd, program)) in system.protection_domains.iter().zip(programs).enumerate() {
        let name = &pd.name.as_bytes()[..pd.name.len().min(NAME_LENGTH)];
        let masks = ChannelMasks::of(system, index);
        let irqs = pd.irqs.iter().fold(0, |mask, irq| mask | 1 << irq.id);
        let own: [(&str, &[u8]); 6] = [
            ("microkit_name", name),
            ("microkit_passive", &[u8::from(pd.passive)]),
            ("microkit_irqs", &u64::to_le_bytes(irqs)),
            ("microkit_notifications", &masks.notify.to_le_bytes()),
            ("microkit_pps", &masks.call.to_le_bytes()),
            ("microkit_ioports", &[0; WORD_BYTES as usize]),
        ];
        for (symbol, value) in own {
            program
                .write(symbol, value)
                .map_err(|reason| could_not_patch(symbol, pd, &reason))?;
        }
        patch_variables(system, pd, program, &physical)?;
    }
    Ok(())
}

/// Which channels a PD may notify and call on, a bit for each.
struct ChannelMasks {
    notify: u64,
    call: u64,
}

impl ChannelMasks {
    fn of(system: &System, pd: usize) -> Self {
        let ends = system.channels.iter().flat_map(|channel| &channel.ends);
        let own = ends.filter(|end| end.pd == pd);
        own.fold(Self { notify: 0, call: 0 }, |masks, end| Self {
            notify: masks.notify | u64::from(end.notify) << end.id,
            call: masks.call | u64::from(end.call) << end.id,
        })
    }
}

fn patch_variables(
    system: &System,
    pd: &ProtectionDomain,
    program: &mut Program,
    physical: &impl Fn(&str) -> Option<u64>,
) -> Result<()> {
    for variable in &pd.variables {
        let name = &variable.symbol;
        let refusal = |reason: String| could_not_patch(name, pd, &reason);
        let size = program.symbol(name).map_err(refusal)?.size;
        if size != WORD_BYTES {
            let pd = &pd.name;
            return Err(Error::Build(format!(
                "setvar to non-word size symbol '{name}' for PD '{pd}', symbol has size '{size}' \
                 bytes, expected size '{WORD_BYTES}' bytes"
            )));
        }
        let value = resolve(system, &variable.value, physical).map_err(refusal)?;
        program.write(name, &value.to_le_bytes()).map_err(refusal)?;
    }
    Ok(())
}

fn resolve(
    system: &System,
    value: &Value,
    physical: &impl Fn(&str) -> Option<u64>,
) -> std::result::Result<u64, String> {
    let region = |name: &str| {
        system
            .region(name)
            .ok_or_else(|| format!("there is no memory region '{name}'"))
    };
    match value {
        Value::Number(number) => Ok(*number),
        Value::RegionSize(name) => region(name).map(|region| region.size),
        Value::RegionAddress(name) => {
            physical(name).ok_or_else(|| format!("there is no memory region '{name}'"))
        }
        Value::PrefillSize(name) => region(name).map(|region| {
            region
                .prefill
                .as_ref()
                .map_or(0, |bytes| bytes.len() as u64)
        }),
    }
}

fn could_not_patch(symbol: &str, pd: &ProtectionDomain, reason: &str) -> Error {
    let (name, image) = (&pd.name, pd.program.display());
    Error::Build(format!(
        "could not patch symbol '{symbol}' in program image for PD '{name}' ({image}): {reason}"
    ))
}
