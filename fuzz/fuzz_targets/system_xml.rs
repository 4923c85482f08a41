//! Any system XML: findings that can be shown, or a guest that can be described.
#![no_main]

use std::{path::Path, sync::LazyLock};

use libfuzzer_sys::{Corpus, fuzz_target};
use sysgen::{Board, analyse, source::Source};

static BOARD: LazyLock<Board> = LazyLock::new(|| {
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../board");
    Board::load(&boards.join("qemu_virt_aarch64/board.toml")).expect("a good board")
});

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let source = Source {
        name: "system.xml".to_owned(),
        text: text.to_owned(),
    };
    let (model, found) = analyse(&source, &BOARD);
    let shown = found.render(&source, false);
    if found.has_errors() {
        assert!(!shown.is_empty(), "an error without words");
    } else {
        assert!(model.guests.iter().all(|guest| !guest.name.is_empty()));
    }
    Corpus::Keep
});
