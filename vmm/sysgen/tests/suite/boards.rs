//! The boards of the repository.

use std::path::Path;

use sysgen::{Board, System};

use crate::systems;

fn all() -> Vec<Board> {
    let folder = systems::repository().join("board");
    let entries = std::fs::read_dir(folder).expect("the board folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a plain name"));
    let mut names: Vec<_> = names.filter(|name| !name.ends_with(".md")).collect();
    names.sort();
    names.iter().map(|name| systems::board(name)).collect()
}

#[test]
fn every_board_file_is_complete_and_has_the_name_of_its_folder() {
    let boards = all();
    let names: Vec<_> = boards.iter().map(|board| board.name.as_str()).collect();
    for name in [
        "qemu_virt_aarch64",
        "odroidc4",
        "zcu102",
        "imx8mm_evk",
        "rpi4b_1gb",
    ] {
        assert!(names.contains(&name), "{name} is missing");
    }
    for board in boards {
        let path = systems::repository().join("board").join(&board.name);
        assert!(path.join("board.toml").exists(), "{}", board.name);
        assert!(path.join("README.md").exists(), "{}", board.name);
        check(&board);
    }
}

fn check(board: &Board) {
    let name = &board.name;
    let gic = &board.gic;
    match gic.version {
        2 => assert!(
            gic.cpu_interface.is_some()
                && gic.virtual_interface_control.is_some()
                && gic.virtual_cpu_interface.is_some(),
            "{name}"
        ),
        3 => assert!(gic.redistributors.is_some(), "{name}"),
        other => panic!("{name}: GICv{other}"),
    }
    assert!(!board.memory.is_empty(), "{name}");
    let mut memory = board.memory.clone();
    memory.sort_by_key(|m| m.base);
    assert!(
        memory
            .windows(2)
            .all(|pair| pair[0].base + pair[0].size <= pair[1].base),
        "{name}: memory overlaps"
    );
    let in_memory = |address: u64| {
        memory
            .iter()
            .any(|m| (m.base..m.base + m.size).contains(&address))
    };
    assert!(
        in_memory(board.load_address),
        "{name}: loads outside memory"
    );
    assert!(
        !in_memory(board.uart.base) && !in_memory(gic.distributor),
        "{name}"
    );
    assert!(
        (32..=gic.highest_intid).contains(&board.uart.intid),
        "{name}"
    );
    assert!(!board.uart.compatible.is_empty(), "{name}");
    assert!(board.uart.console.starts_with("tty"), "{name}");
    assert!(board.devices.device.len() > 10, "{name}");
    for device in &board.devices.device {
        let place = format!("{name}: {}", device.place());
        assert!(device.size > 0 && device.count > 0, "{place}");
        assert!(!in_memory(device.base), "{place} is in memory");
        assert!(
            device.intids.iter().all(|intid| (32..1020).contains(intid)),
            "{place}"
        );
    }
}

#[test]
fn qemu_arguments_name_the_image() {
    let arguments = systems::virt().qemu_arguments(Path::new("build/loader.img"));
    let arguments = arguments.expect("QEMU has this machine");
    assert!(
        arguments
            .iter()
            .any(|a| a == "loader,file=build/loader.img,addr=0x70000000,cpu-num=0")
    );
    assert!(arguments.iter().all(|a| !a.contains('{')));
    let comma = systems::virt().qemu_arguments(Path::new("a,b/loader.img"));
    assert!(
        comma
            .expect("QEMU has this machine")
            .iter()
            .any(|a| a.starts_with("loader,file=a,,b/loader.img,addr=")),
        "QEMU reads two commas as one"
    );
    let none = systems::board("odroidc4").qemu_arguments(Path::new("x"));
    assert!(none.is_none(), "QEMU has no such machine");
}

#[test]
fn boards_with_a_gicv3_are_refused_in_words() {
    let board = systems::board("imx8mm_evk");
    let text = systems::ONE.replace("0x40000000\" />", "0x60000000\" />");
    let error = System::parse(systems::source(&text), &board)
        .expect_err("GICv3")
        .to_string();
    assert!(error.contains("imx8mm_evk has a GICv3"), "{error}");
    assert!(error.contains("has no virtual GICv3 yet"), "{error}");
}

#[test]
fn a_board_that_cannot_be_is_refused_in_words() {
    let good = systems::repository().join("board/qemu_virt_aarch64/board.toml");
    let good = std::fs::read_to_string(good).expect("a board file");
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("board.toml");
    std::fs::write(folder.path().join("devices.toml"), "device = []\n").expect("a file");
    for (from, to, words) in [
        (
            "highest_intid = 159",
            "highest_intid = 65535",
            "highest_intid is 65535; interrupts of devices are 32 to 1019",
        ),
        (
            "highest_intid = 159",
            "highest_intid = 31",
            "highest_intid is 31; interrupts of devices are 32 to 1019",
        ),
        (
            "intid = 33",
            "intid = 1019",
            "the UART's interrupt 1019 is above highest_intid (159)",
        ),
        (
            "address_bits = 40",
            "address_bits = 200",
            "address_bits is 200; AArch64 has 32 to 48",
        ),
        (
            "base = 0x6000_0000",
            "base = 0x7fff_ffff_ffff_f000",
            "memory at 0x7ffffffffffff000 ends beyond 40 address bits",
        ),
        ("cores = ", "cores = 0 # ", "cores is 0"),
    ] {
        assert!(good.contains(from), "no {from}");
        std::fs::write(&path, good.replacen(from, to, 1)).expect("a file");
        let error = Board::load(&path).expect_err(to).to_string();
        assert_eq!(error, format!("{}: {words}", path.display()));
    }
}

#[test]
fn a_bad_board_file_is_named() {
    let missing = Board::load(Path::new("board/none/board.toml")).expect_err("missing");
    assert!(
        missing
            .to_string()
            .contains("a board is a folder board/NAME"),
        "{missing}"
    );
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("board.toml");
    std::fs::write(&path, "nmae = \"x\"\n").expect("a file");
    let wrong = Board::load(&path).expect_err("wrong").to_string();
    assert!(wrong.contains("unknown field `nmae`"), "{wrong}");
}
