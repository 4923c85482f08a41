//! The table of a driver.

use std::fmt::{self, Write};

use super::HEADER;
use super::devices::{parameters, windows};
use crate::model::{Driver, DriverClient};

/// The text of a file that a driver includes; it defines `pub static DRIVER`.
pub fn generate_driver(driver: &Driver) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, driver);
    text
}

fn write(out: &mut String, driver: &Driver) -> fmt::Result {
    writeln!(out, "{HEADER}")?;
    writeln!(out)?;
    writeln!(out, "/// What `{}` drives, and for whom.", driver.domain)?;
    writeln!(
        out,
        "pub static DRIVER: vmm_config::Driver = vmm_config::Driver {{"
    )?;
    let registers = driver.registers;
    writeln!(out, "    registers: vmm_config::Window {{")?;
    writeln!(out, "        vmm_address: {:#x},", registers.vmm_address)?;
    writeln!(out, "        size: {:#x},", registers.size)?;
    writeln!(out, "    }},")?;
    match driver.dma {
        None => writeln!(out, "    dma: None,")?,
        Some(dma) => {
            writeln!(out, "    dma: Some(vmm_config::DmaWindow {{")?;
            writeln!(out, "        vmm_address: {:#x},", dma.vmm_address)?;
            writeln!(out, "        physical: {:#x},", dma.physical)?;
            writeln!(out, "        size: {:#x},", dma.size)?;
            writeln!(out, "    }}),")?;
        }
    }
    writeln!(out, "    interrupt: {:?},", driver.interrupt)?;
    writeln!(out, "    clients: &[")?;
    for client in &driver.clients {
        write_client(out, client)?;
    }
    writeln!(out, "    ],")?;
    writeln!(out, "}};")
}

fn write_client(out: &mut String, client: &DriverClient) -> fmt::Result {
    writeln!(out, "        vmm_config::DriverClient {{")?;
    writeln!(out, "            name: {:?},", client.name)?;
    writeln!(out, "            channel: {},", client.channel)?;
    windows(out, client.windows.iter().copied())?;
    parameters(out, &client.parameters)?;
    writeln!(out, "        }},")
}
