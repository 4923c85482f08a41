//! What the guests must be able to do, each by itself and with the other.

use anyhow::{Result, ensure};

use super::machine::{Guest, Machine};

/// Sectors of a guest's part of the disk.
const SECTORS: usize = 0x10000;
const MIB: usize = 1 << 20;
/// The last MiB of a part.
const LAST: usize = SECTORS * 512 / MIB - 1;
/// Blocks of 64 KiB of the file that one guest sends to the other.
const BLOCKS: usize = 64;

pub(super) fn devices(machine: &mut Machine, guest: Guest) -> Result<()> {
    machine.expect("cat /sys/block/vda/size", &SECTORS.to_string())?;
    machine.expect("cat /sys/class/net/eth0/address", guest.mac())?;
    let random = "cat /sys/class/misc/hw_random/rng_current | cut -c 1-10";
    machine.expect(random, "virtio_rng")?;
    let address = guest.address();
    machine.expect(
        &format!("ip link set eth0 up && ip addr add {address}/24 dev eth0; echo $?"),
        "0",
    )
}

pub(super) fn random_numbers(machine: &mut Machine) -> Result<()> {
    let read = "head -c 64 /dev/hwrng | md5sum";
    let (first, second) = (machine.answer(read)?, machine.answer(read)?);
    ensure!(first != second, "the same numbers twice: {first:?}");
    machine.expect("head -c 64 /dev/hwrng | wc -c", "64")
}

/// Fills the first and the last MiB of the guest's part of the disk with its letter.
pub(super) fn write_disk(machine: &mut Machine, guest: Guest) -> Result<()> {
    let letter = guest.letter();
    for block in [0, LAST] {
        let fill = format!("head -c {MIB} /dev/zero | tr '\\0' {letter}");
        let write = format!("dd of=/dev/vda bs=64k seek={} conv=fsync 2>&-", block * 16);
        machine.expect(&format!("{fill} | {write}; echo $?"), "0")?;
    }
    Ok(())
}

/// They hold its letter and nothing else.
pub(super) fn read_disk(machine: &mut Machine, guest: Guest) -> Result<()> {
    machine.expect("echo 3 > /proc/sys/vm/drop_caches; echo $?", "0")?;
    let letter = guest.letter();
    for block in [0, LAST] {
        let read = format!("dd if=/dev/vda bs={MIB} skip={block} count=1 2>&-");
        let count = format!("tr -d -c {letter} | wc -c");
        machine.expect(&format!("{read} | {count}"), &MIB.to_string())?;
    }
    Ok(())
}

/// From a to b, and to QEMU's user network.
pub(super) fn ping(machine: &mut Machine) -> Result<()> {
    machine.choose(Guest::A)?;
    for address in [Guest::B.address(), "10.0.2.2"] {
        machine.expect(&format!("ping -c 3 {address} > /dev/null; echo $?"), "0")?;
    }
    Ok(())
}

/// A file goes from a to b whole.
pub(super) fn transfer(machine: &mut Machine) -> Result<()> {
    machine.choose(Guest::A)?;
    let make =
        format!("dd if=/dev/urandom of=/tmp/file bs=64k count={BLOCKS} 2> /dev/null; echo $?");
    machine.expect(&make, "0")?;
    machine.expect("httpd -p 8000 -h /tmp; echo $?", "0")?;
    let sum = machine.answer("md5sum < /tmp/file")?;
    machine.choose(Guest::B)?;
    let fetch = format!(
        "wget -q -O /tmp/file http://{}:8000/file; echo $?",
        Guest::A.address()
    );
    machine.expect(&fetch, "0")?;
    machine.expect("md5sum < /tmp/file", &sum)
}

/// a starts again while b goes on.
pub(super) fn restart(machine: &mut Machine) -> Result<()> {
    machine.choose(Guest::B)?;
    machine.expect("touch /tmp/kept; echo $?", "0")?;
    machine.choose(Guest::A)?;
    machine.send("reboot -f\n")?;
    machine.choose(Guest::B)?;
    // It answers before a is up again.
    machine.expect("ls /tmp/kept", "/tmp/kept")?;
    machine.expect_line(Guest::A, "GUEST-UP Linux")?;
    machine.choose(Guest::A)?;
    devices(machine, Guest::A)?;
    machine.expect("ls /tmp", "")?;
    read_disk(machine, Guest::A)?;
    ping(machine)?;
    machine.choose(Guest::B)?;
    machine.expect("ls /tmp/kept", "/tmp/kept")?;
    read_disk(machine, Guest::B)
}
