//! What lies where, for a person to read.

use std::fmt::Write as _;

use crate::image::Image;
use crate::system::{ProtectionDomain, Scheduling, System};

/// The report's text.
#[must_use]
pub fn text(system: &System, image: &Image, configuration: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_all(&mut text, system, image, configuration);
    text
}

fn write_all(
    text: &mut String,
    system: &System,
    image: &Image,
    configuration: &str,
) -> std::fmt::Result {
    writeln!(text, "# Stand-in SDK, configuration {configuration}\n")?;
    writeln!(text, "# Protection domains")?;
    for pd in &system.protection_domains {
        write_protection_domain(text, pd)?;
    }
    writeln!(text, "\n# Channels")?;
    for channel in &system.channels {
        let [a, b] = &channel.ends;
        let name = |pd: usize| &system.protection_domains[pd].name;
        writeln!(
            text,
            "- {} {} <-> {} {}",
            name(a.pd),
            a.id,
            name(b.pd),
            b.id
        )?;
    }
    write_memory(text, image)
}

fn write_protection_domain(text: &mut String, pd: &ProtectionDomain) -> std::fmt::Result {
    let Scheduling {
        priority,
        budget,
        period,
    } = pd.scheduling;
    let (name, passive) = (&pd.name, if pd.passive { ", passive" } else { "" });
    writeln!(
        text,
        "- {name}: priority {priority}, budget {budget} us of {period} us{passive}"
    )?;
    writeln!(
        text,
        "    stack [{:#x}..{:#x})",
        pd.stack_bottom(),
        devsdk_image::STACK_TOP
    )?;
    for map in &pd.maps {
        writeln!(text, "    map {} at {:#x}", map.region, map.vaddr)?;
    }
    for irq in &pd.irqs {
        writeln!(text, "    irq {} as channel {}", irq.intid, irq.id)?;
    }
    let Some(machine) = &pd.virtual_machine else {
        return Ok(());
    };
    let Scheduling {
        priority,
        budget,
        period,
    } = machine.scheduling;
    let (name, count) = (&machine.name, machine.vcpus.len());
    writeln!(
        text,
        "    virtual machine {name}: {count} vCPU, priority {priority}, budget {budget} us of \
         {period} us"
    )?;
    for map in &machine.maps {
        writeln!(text, "        map {} at {:#x}", map.region, map.vaddr)?;
    }
    Ok(())
}

fn write_memory(text: &mut String, image: &Image) -> std::fmt::Result {
    writeln!(text, "\n# Physical memory")?;
    let mut placements: Vec<_> = image.placements.iter().collect();
    placements.sort_by_key(|placement| (placement.address, placement.length));
    for placement in placements {
        let end = placement.address + placement.length;
        writeln!(
            text,
            "[{:#014x}..{end:#014x}) {}",
            placement.address, placement.what
        )?;
    }
    writeln!(text, "\n# Free memory")?;
    for free in image.free.ranges() {
        writeln!(text, "[{:#014x}..{:#014x})", free.start, free.end)?;
    }
    Ok(())
}
