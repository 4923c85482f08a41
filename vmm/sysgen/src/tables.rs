//! The model of one guest as Rust source text: a `vmm_config::Guest` constant.

mod devices;
mod driver;

use std::fmt::{self, Write};

pub use devices::generate_devices;
pub use driver::generate_driver;

use crate::model::{Guest, Ticker, Wake};

/// The first line of every file.
const HEADER: &str = "// Made by sysgen from the system XML; change that instead.";

/// The text of a file that the VMM includes; it defines `pub static GUEST`.
pub fn generate(guest: &Guest) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, guest);
    text
}

fn write(out: &mut String, guest: &Guest) -> fmt::Result {
    writeln!(out, "{HEADER}")?;
    writeln!(out)?;
    writeln!(out, "/// The guest `{}`.", guest.name)?;
    writeln!(
        out,
        "pub static GUEST: vmm_config::Guest = vmm_config::Guest {{"
    )?;
    writeln!(out, "    name: {:?},", guest.name)?;
    writeln!(out, "    vcpus: {},", guest.vcpus)?;
    mappings(out, guest)?;
    reservations(out, guest)?;
    let gic = &guest.gic;
    writeln!(out, "    gic: vmm_config::Gic {{")?;
    writeln!(out, "        version: {},", gic.version)?;
    writeln!(out, "        spis: {},", gic.spis)?;
    writeln!(out, "        shadow: {},", optional_address(gic.shadow))?;
    let visible = optional_address(gic.visible_interface);
    writeln!(out, "        cpu_interface: {visible},")?;
    writeln!(out, "    }},")?;
    interrupts(out, guest)?;
    devices::devices(out, guest)?;
    devices::channels(out, guest)?;
    writeln!(out, "    image: vmm_config::Window {{")?;
    writeln!(out, "        vmm_address: {:#x},", guest.image.vmm_address)?;
    writeln!(out, "        size: {:#x},", guest.image.size)?;
    writeln!(out, "    }},")?;
    console(out, guest)?;
    wake(out, guest)?;
    writeln!(out, "    policy: vmm_config::Policy {{")?;
    let policy = &guest.policy;
    for (name, action) in [
        ("power_off", policy.power_off),
        ("reset", policy.reset),
        ("crash", policy.crash),
    ] {
        // Debug of an action is the expression that makes it.
        writeln!(out, "        {name}: vmm_config::Action::{action:?},")?;
    }
    writeln!(out, "    }},")?;
    writeln!(out, "}};")
}

fn mappings(out: &mut String, guest: &Guest) -> fmt::Result {
    writeln!(out, "    mappings: &[")?;
    for mapping in &guest.mappings {
        writeln!(out, "        vmm_config::Mapping {{")?;
        writeln!(out, "            name: {:?},", mapping.name)?;
        writeln!(out, "            base: {:#x},", mapping.base)?;
        writeln!(out, "            size: {:#x},", mapping.size)?;
        writeln!(out, "            page_bits: {},", mapping.page_size.ilog2())?;
        writeln!(out, "            read: {},", mapping.read)?;
        writeln!(out, "            write: {},", mapping.write)?;
        writeln!(out, "            execute: {},", mapping.execute)?;
        let alias = optional_address(mapping.vmm_address);
        writeln!(out, "            vmm_address: {alias},")?;
        writeln!(out, "        }},")?;
    }
    writeln!(out, "    ],")
}

fn reservations(out: &mut String, guest: &Guest) -> fmt::Result {
    writeln!(out, "    reservations: &[")?;
    for piece in &guest.reservations {
        writeln!(out, "        vmm_config::Reservation {{")?;
        writeln!(out, "            name: {:?},", piece.name)?;
        writeln!(out, "            base: {:#x},", piece.base)?;
        writeln!(out, "            size: {:#x},", piece.size)?;
        writeln!(out, "            kind: {},", kind(piece.kind))?;
        writeln!(out, "        }},")?;
    }
    writeln!(out, "    ],")
}

fn kind(kind: vmm_config::ReservationKind) -> String {
    match kind {
        vmm_config::ReservationKind::Emulated(device) => {
            format!("vmm_config::ReservationKind::Emulated(vmm_config::Device::{device:?})")
        }
        plain => format!("vmm_config::ReservationKind::{plain:?}"),
    }
}

fn interrupts(out: &mut String, guest: &Guest) -> fmt::Result {
    writeln!(out, "    interrupts: &[")?;
    for interrupt in &guest.interrupts {
        writeln!(out, "        vmm_config::PassthroughInterrupt {{")?;
        writeln!(out, "            intid: {},", interrupt.intid)?;
        writeln!(out, "            channel: {},", interrupt.channel)?;
        writeln!(out, "            edge: {},", interrupt.edge)?;
        writeln!(out, "        }},")?;
    }
    writeln!(out, "    ],")
}

fn console(out: &mut String, guest: &Guest) -> fmt::Result {
    let Some(console) = &guest.console else {
        return writeln!(out, "    console: None,");
    };
    writeln!(out, "    console: Some(vmm_config::Console {{")?;
    writeln!(out, "        vmm_address: {:#x},", console.vmm_address)?;
    let kind = console.kind;
    writeln!(out, "        kind: vmm_config::ConsoleKind::{kind:?},")?;
    writeln!(out, "    }}),")
}

fn wake(out: &mut String, guest: &Guest) -> fmt::Result {
    match &guest.wake {
        None => writeln!(out, "    wake: None,"),
        Some(Wake::PhysicalTimer(channel)) => {
            let wake = format!("vmm_config::Wake::PhysicalTimer {{ channel: {channel} }}");
            writeln!(out, "    wake: Some({wake}),")
        }
        Some(Wake::Tickers(tickers)) => {
            writeln!(out, "    wake: Some(vmm_config::Wake::Tickers(&[")?;
            for ticker in tickers {
                writeln!(out, "        // `{}`", ticker.domain)?;
                writeln!(out, "        vmm_config::Ticker {{")?;
                writeln!(out, "            channel: {},", ticker.entry.channel)?;
                writeln!(out, "            request: {:#x},", ticker.entry.request)?;
                writeln!(out, "            period: {},", ticker.entry.period)?;
                writeln!(out, "        }},")?;
            }
            writeln!(out, "    ])),")
        }
    }
}

/// The text of a file that a ticker includes; it defines `pub static CLIENTS`.
pub fn generate_ticker(ticker: &Ticker) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_ticker(&mut text, ticker);
    text
}

fn write_ticker(out: &mut String, ticker: &Ticker) -> fmt::Result {
    writeln!(out, "{HEADER}")?;
    writeln!(out)?;
    writeln!(out, "/// The VMMs that `{}` wakes.", ticker.domain)?;
    writeln!(out, "pub static CLIENTS: &[vmm_config::TickerClient] = &[")?;
    for client in &ticker.clients {
        writeln!(out, "    vmm_config::TickerClient {{")?;
        writeln!(out, "        channel: {},", client.channel)?;
        writeln!(out, "        request: {:#x},", client.request)?;
        writeln!(out, "    }},")?;
    }
    writeln!(out, "];")
}

fn optional_address(address: Option<u64>) -> String {
    match address {
        Some(address) => format!("Some({address:#x})"),
        None => "None".to_owned(),
    }
}
