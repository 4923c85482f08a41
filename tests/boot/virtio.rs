//! The default system's virtio devices: what is written to a disk is there after a restart and after
//! the machine was killed, the network carries a download, and random numbers come.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::{Result, bail, ensure};
use guest_images::DEFAULT_SUITE;
use libtest_mimic::Trial;
use sysgen::Images;
use xtask::image::Image;
use xtask::input::Input;
use xtask::machine;

use crate::bench::Workbench;
use crate::case::{Case, Clock, DEBUG_AND_RELEASE};
use crate::console::Console;

const SECTOR: usize = 512;
/// Bytes of the download.
const DOWNLOAD: usize = 1 << 20;

pub(crate) fn trials(bench: &Arc<Workbench>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for kernel in ["devsdk", "sel4"] {
        for config in DEBUG_AND_RELEASE {
            let missing = bench.sdk(kernel).is_none();
            let mut add = |name: &str, run: Run| {
                let bench = Arc::clone(bench);
                let trial = Trial::test(format!("{kernel}/{config}/{name}"), move || {
                    run(&bench, kernel, config).map_err(|error| format!("{error:#}").into())
                });
                trials.push(trial.with_ignored_flag(missing));
            };
            add("debian-virtio", run);
            add("u-boot-virtio", boot_from_disk);
        }
    }
    trials
}

/// U-Boot reads all in one request, and that of a driver's client may be as large as half of its data region, of 2 MiB.
const MOST_SECTORS: usize = 0x400;

/// Lets U-Boot read sectors of the first disk to memory.
fn read_sectors(console: &mut Console, at: usize, first: usize, count: usize) -> Result<()> {
    for done in (0..count).step_by(MOST_SECTORS) {
        let (at, first) = (at + done * SECTOR, first + done);
        let count = MOST_SECTORS.min(count - done);
        console.send(&format!("virtio read {at:x} {first:x} {count:x}\n"))?;
        console.expect(&format!("{count} blocks read: OK"))?;
        console.expect("=> ")?;
    }
    Ok(())
}

type Run = fn(&Workbench, &str, &str) -> Result<()>;

/// U-Boot finds disk and network, and boots Debian's kernel and initrd from the disk.
fn boot_from_disk(bench: &Workbench, kernel: &str, config: &str) -> Result<()> {
    let case = Case {
        name: "u-boot-virtio",
        system: "system.xml",
        configs: DEBUG_AND_RELEASE,
        clock: Clock::Host,
        images: |bench| {
            Ok(Images {
                kernel: bench.u_boot()?,
                initrd: None,
                bootargs: None,
                device_tree: None,
            })
        },
        play: |_| Ok(()),
    };
    let folder = bench.folder(kernel, config, case.name);
    let mut image = bench.build(&case, kernel, config, &folder)?;
    let debian = bench.debian(DEFAULT_SUITE)?;
    let mut disk = Vec::new();
    let mut parts = Vec::new();
    for file in [&debian.kernel, &debian.initrd_with_modules] {
        let content = std::fs::read(file)?;
        let sectors = content.len().div_ceil(SECTOR);
        parts.push((disk.len() / SECTOR, sectors, content.len()));
        disk.extend(content);
        disk.resize(disk.len().next_multiple_of(SECTOR), 0);
    }
    let [
        (_, kernel_sectors, _),
        (initrd, initrd_sectors, initrd_bytes),
    ] = parts[..]
    else {
        bail!("two files");
    };
    // The queues of sDDF count in blocks of 4 KiB.
    disk.resize(disk.len().next_multiple_of(4096), 0);
    let path = folder.join("bootable.img");
    std::fs::write(&path, disk)?;
    image.disk = Some(path);
    let mut console = Console::open(machine::qemu(&image, Input::Stream, &[])?)?;
    let play = |console: &mut Console| {
        console.expect("Hit any key to stop autoboot")?;
        console.send("\n")?;
        console.expect("=> ")?;
        console.send("virtio scan; setenv autoload no; dhcp\n")?;
        console.expect("DHCP client bound to address 10.0.2.15")?;
        console.expect("=> ")?;
        read_sectors(console, 0x4200_0000, 0, kernel_sectors)?;
        read_sectors(console, 0x4800_0000, initrd, initrd_sectors)?;
        console.send(&format!(
            "booti 0x42000000 0x48000000:{initrd_bytes:x} $fdtcontroladdr\n"
        ))?;
        console.expect("GUEST-UP Linux")?;
        console.expect("/ # ")?;
        console.send("poweroff -f\n")?;
        console.expect_off()
    };
    let result = play(&mut console);
    std::fs::write(folder.join("console.log"), console.text())?;
    result.map_err(|error| error.context(console.tail().to_owned()))
}

fn run(bench: &Workbench, kernel: &str, config: &str) -> Result<()> {
    let case = Case {
        name: "debian-virtio",
        system: "system.xml",
        configs: DEBUG_AND_RELEASE,
        clock: Clock::Host,
        images: |bench| {
            let guest = bench.debian(DEFAULT_SUITE)?;
            Ok(Images {
                kernel: guest.kernel,
                initrd: Some(guest.initrd_with_modules),
                bootargs: None,
                device_tree: None,
            })
        },
        play: |_| Ok(()),
    };
    let folder = bench.folder(kernel, config, case.name);
    let mut image = bench.build(&case, kernel, config, &folder)?;
    let disk = folder.join("kept.img");
    if disk.exists() {
        std::fs::remove_file(&disk)?;
    }
    image.disk = Some(disk);
    let log = |name: &str| folder.join(name);
    start(&image, &log("first.log"), |console| {
        devices(console)?;
        download(console)?;
        random_numbers(console)?;
        write_before_restart(console)?;
        console.send("reboot -f\n")?;
        boot(console)?;
        check_after_restart(console)
        // The machine is killed here.
    })?;
    start(&image, &log("second.log"), |console| {
        check_after_kill(console)?;
        console.send("poweroff -f\n")?;
        console.expect_off()
    })
}

/// A machine that is booted to its shell, and killed at the end of `play`.
fn start(image: &Image, log: &Path, play: impl FnOnce(&mut Console) -> Result<()>) -> Result<()> {
    let mut console = Console::open(machine::qemu(image, Input::Stream, &[])?)?;
    let result = boot(&mut console).and_then(|()| play(&mut console));
    std::fs::write(log, console.text())?;
    result.map_err(|error| error.context(console.tail().to_owned()))
}

fn boot(console: &mut Console) -> Result<()> {
    console.expect("GUEST-UP Linux")?;
    console.expect("/ # ")
}

/// Runs a line and wants this answer.
fn expect(console: &mut Console, line: &str, wanted: &str) -> Result<()> {
    let answer = console.command(line)?;
    ensure!(
        answer.contains(wanted),
        "`{line}` answered {answer:?}, not {wanted:?}"
    );
    Ok(())
}

fn devices(console: &mut Console) -> Result<()> {
    expect(console, "cat /sys/block/vda/size", "131072\r\n")?;
    expect(console, "cat /sys/block/vdb/size", "32768\r\n")?;
    let mac = "cat /sys/class/net/eth0/address";
    expect(console, mac, "52:54:00:12:34:56\r\n")?;
    let rng = "cat /sys/class/misc/hw_random/rng_current";
    expect(console, rng, "virtio_rng")
}

/// A file of the host comes through the network whole.
fn download(console: &mut Console) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let server = thread::spawn(move || serve(&listener));
    console.command("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0")?;
    expect(console, "ping -c 1 10.0.2.2", " 0% packet loss")?;
    let fetch = format!("wget -q -O /tmp/download http://10.0.2.2:{port}/");
    console.command(&fetch)?;
    server
        .join()
        .map_err(|_| anyhow::anyhow!("the server panicked"))??;
    // Every byte of the pattern counts.
    expect(console, "wc -c < /tmp/download", &DOWNLOAD.to_string())?;
    let wrong = "tr -d '\\000-\\372' < /tmp/download | wc -c";
    expect(console, wrong, "0\r\n")?;
    let sum: usize = pattern().map(usize::from).sum();
    let awk = "od -v -An -tu1 /tmp/download | awk '{for(i=1;i<=NF;i++)s+=$i*1}END{print s}'";
    expect(console, awk, &sum.to_string())
}

fn pattern() -> impl Iterator<Item = u8> {
    (0..DOWNLOAD).map(|index| (index % 251) as u8)
}

/// Answers one request.
fn serve(listener: &TcpListener) -> Result<()> {
    let (mut stream, _) = listener.accept()?;
    let mut request = Vec::new();
    let mut block = [0; 512];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut block)?;
        ensure!(count > 0, "the guest closed the connection");
        request.extend_from_slice(&block[..count]);
    }
    write!(
        stream,
        "HTTP/1.0 200 OK\r\nContent-Length: {DOWNLOAD}\r\n\r\n"
    )?;
    Ok(stream.write_all(&pattern().collect::<Vec<u8>>())?)
}

fn random_numbers(console: &mut Console) -> Result<()> {
    let read = "dd if=/dev/hwrng bs=64 count=1 2>/dev/null";
    let (first, second) = (
        console.command(&format!("{read} | md5sum"))?,
        console.command(&format!("{read} | md5sum"))?,
    );
    ensure!(first != second, "the same numbers twice: {first:?}");
    expect(console, &format!("{read} | wc -c"), "64\r\n")
}

/// A file system with a file whose sum is known, and bytes of the disk in memory.
fn write_before_restart(console: &mut Console) -> Result<()> {
    console
        .command("mke2fs /dev/vda > /dev/null && mkdir /disk && mount -t ext2 /dev/vda /disk")?;
    console.command("dd if=/dev/urandom of=/disk/one bs=64k count=64 2>/dev/null")?;
    console.command("md5sum /disk/one > /disk/one.sum && sync")?;
    let memory = "dd if=/disk/one of=/dev/vdb bs=64k oflag=direct 2>/dev/null; echo $?";
    expect(console, memory, "0\r\n")
}

/// Flushed data of before a restart are there, on both disks; more are flushed.
fn check_after_restart(console: &mut Console) -> Result<()> {
    console.command("mkdir /disk && mount -t ext2 /dev/vda /disk")?;
    expect(console, "md5sum -c /disk/one.sum", "/disk/one: OK")?;
    let memory = "cmp -n 4194304 /disk/one /dev/vdb && echo sa''me";
    expect(console, memory, "same")?;
    let fsync = "dd if=/disk/one of=/disk/two bs=64k conv=fsync 2>/dev/null; echo $?";
    expect(console, fsync, "0\r\n")
}

/// What was flushed before the machine was killed is there.
fn check_after_kill(console: &mut Console) -> Result<()> {
    console.command("mkdir /disk && mount -t ext2 /dev/vda /disk")?;
    expect(console, "cmp /disk/one /disk/two && echo sa''me", "same")
}
