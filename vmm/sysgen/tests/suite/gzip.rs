//! gzip files as gzip itself reads them.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use sysgen::image::{Format, Pieces};

use crate::images::{arm64_image, check_refusals, gzip, load};

const MIB: u64 = 1 << 20;

/// What a kernel of one block holds, and what is said of its file.
fn unpacked(packed: &[u8]) -> (Vec<u8>, Vec<String>) {
    let kernel = load(packed);
    assert_eq!(kernel.format, Format::Arm64Image);
    match kernel.pieces {
        Pieces::Movable { data, .. } => (data, kernel.doubts),
        Pieces::Fixed { .. } => panic!("an Image can move"),
    }
}

fn image() -> Vec<u8> {
    arm64_image(70_000, 0, MIB, 0)
}

#[test]
fn zeroes_behind_it_are_padding() {
    for length in [1, 512, 5000] {
        let mut packed = gzip(&image());
        packed.resize(packed.len() + length, 0);
        assert_eq!(unpacked(&packed), (image(), Vec::new()));
    }
}

#[test]
fn several_members_are_one_file() {
    let whole = image();
    let (start, rest) = whole.split_at(1000);
    let packed = [gzip(start), gzip(b""), gzip(rest), vec![0; 100]].concat();
    assert_eq!(unpacked(&packed), (image(), Vec::new()));
    let mut second = gzip(rest);
    let last = second.len() - 5;
    second[last] ^= 1;
    check_refusals(&[(&[gzip(start), second].concat(), "is a damaged gzip file: ")]);
}

#[test]
fn every_header_field_is_known() {
    let builder = GzBuilder::new()
        .filename("Image")
        .comment("a kernel")
        .extra(vec![7; 300])
        .mtime(1);
    let mut encoder = builder.write(Vec::new(), Compression::fast());
    encoder.write_all(&image()).expect("memory");
    let packed = encoder.finish().expect("memory");
    assert_eq!(unpacked(&packed), (image(), Vec::new()));

    // FHCRC: two bytes of the header's CRC-32.
    let plain = gzip(&image());
    let mut header = plain[..10].to_vec();
    header[3] |= 2;
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let sum = (crc.sum() as u16).to_le_bytes();
    let packed = [&header[..], &sum, &plain[10..]].concat();
    assert_eq!(unpacked(&packed), (image(), Vec::new()));
}

fn tree(name: &str) -> Vec<u8> {
    let mut tree = dtoolkit::model::DeviceTree::new();
    tree.root
        .add_child(dtoolkit::model::DeviceTreeNode::new_unchecked(name));
    tree.to_dtb()
}

#[test]
fn an_appended_device_tree_is_named() {
    let packed = gzip(&image());
    let told = |offset: usize| {
        vec![format!(
            "has a device tree behind the kernel, from {offset:#x} on, which is not used; to give \
             it to the guest, cut it out (tail -c +{} FILE > tree.dtb) and say DTB=tree.dtb",
            offset + 1
        )]
    };
    let at = packed.len();
    let one = [&packed[..], &tree("a")].concat();
    assert_eq!(unpacked(&one), (image(), told(at)));
    let padded = [&packed[..], &[0; 24], &tree("a"), &[0; 100]].concat();
    assert_eq!(unpacked(&padded), (image(), told(at + 24)));
    let several = [&packed[..], &tree("a"), &tree("b")].concat();
    assert_eq!(unpacked(&several), (image(), told(at)));
    let plain = [image(), tree("a")].concat();
    assert_eq!(unpacked(&plain), (plain.clone(), told(70_000)));
}

#[test]
fn what_else_stands_behind_it_is_told() {
    let packed = gzip(&image());
    let signed = [&packed[..], b"~Module signature appended~\n"].concat();
    let doubt = format!(
        "has 28 bytes behind the end of its gzip data, from {:#x} on; they are not used",
        packed.len()
    );
    assert_eq!(unpacked(&signed), (image(), vec![doubt]));
}
