//! What lies where, for a person to read.

use std::fmt::Write as _;

use crate::image::Image;
use crate::system::System;

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
        let scheduling = pd.scheduling;
        writeln!(
            text,
            "- {}: priority {}, budget {} us of {} us{}, stack [{:#x}..{:#x})",
            pd.name,
            scheduling.priority,
            scheduling.budget,
            scheduling.period,
            if pd.passive { ", passive" } else { "" },
            pd.stack_bottom(),
            devsdk_image::STACK_TOP
        )?;
        for map in &pd.maps {
            writeln!(text, "    map {} at {:#x}", map.region, map.vaddr)?;
        }
        for irq in &pd.irqs {
            writeln!(text, "    irq {} as channel {}", irq.intid, irq.id)?;
        }
        if let Some(machine) = &pd.virtual_machine {
            let count = machine.vcpus.len();
            writeln!(text, "    virtual machine {}: {count} vCPU", machine.name)?;
            for map in &machine.maps {
                writeln!(text, "        map {} at {:#x}", map.region, map.vaddr)?;
            }
        }
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
