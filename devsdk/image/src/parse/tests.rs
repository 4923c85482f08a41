use super::*;
use crate::{ChannelKind, ImageBuilder, VSpace};

const ADDRESS: u64 = 0x7010_0000;

fn pd(name: &str) -> Thread {
    let mut bytes = [0; 64];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Thread {
        name: bytes,
        kind: ThreadKind::ProtectionDomain as u32,
        flags: ThreadFlags::FPU,
        entry: 0x20_0000,
        stack_top: crate::STACK_TOP,
        stack_bottom: crate::STACK_TOP - 0x1000,
        ipc_buffer_address: crate::IPC_BUFFER_ADDRESS,
        ipc_buffer_physical: 0x6000_0000,
        priority: 100,
        vspace: 0,
        budget: 1000,
        period: 1000,
        parent: NONE,
        id: 0,
    }
}

fn builder() -> ImageBuilder {
    let mut builder = ImageBuilder::new(ADDRESS, configuration::DEBUG);
    builder.vspaces.push(VSpace::default());
    builder.page_pool = PhysicalRange {
        address: 0x6100_0000,
        length: 0x10_0000,
    };
    builder.threads.push(pd("first"));
    builder
}

/// The parser wants records aligned as they are in memory: a `Vec<u64>` is.
fn with_parsed(builder: ImageBuilder, check: impl FnOnce(Result<Image<'_>, ImageError>)) {
    let bytes = builder.build();
    let mut words = alloc::vec![0u64; bytes.len().div_ceil(8)];
    zerocopy::IntoBytes::as_mut_bytes(&mut words[..])[..bytes.len()].copy_from_slice(&bytes);
    let aligned = zerocopy::IntoBytes::as_bytes(&words[..]);
    check(Image::parse(aligned, ADDRESS));
}

extern crate alloc;

#[test]
fn a_built_image_reads_back() {
    let mut builder = builder();
    let offset = builder.add_payload(b"hello", 4096);
    builder.copies.push(Copy {
        source_offset: offset,
        destination: 0x6100_0000,
        length: 5,
    });
    builder.channel_ends.push(ChannelEnd {
        kind: ChannelKind::Notify as u32,
        holder: 0,
        holder_id: 3,
        target: 0,
        target_id: 4,
        reserved: 0,
    });
    with_parsed(builder, |image| {
        let image = image.expect("valid");
        assert_eq!(offset, HEADER_SIZE);
        assert_eq!(image.source(&image.copies[0]), Some(&b"hello"[..]));
        assert_eq!(image.threads.len(), 1);
        assert_eq!(image.channel_ends[0].target_id, 4);
    });
}

#[test]
fn wrong_magic_version_and_address_are_told_apart() {
    let good = builder().build();
    let parse = |change: &dyn Fn(&mut Header), address| {
        let mut words = alloc::vec![0u64; good.len().div_ceil(8)];
        let bytes = zerocopy::IntoBytes::as_mut_bytes(&mut words[..]);
        bytes[..good.len()].copy_from_slice(&good);
        let (header, _) = Header::mut_from_prefix(bytes).expect("room");
        change(header);
        Image::parse(zerocopy::IntoBytes::as_bytes(&words[..]), address).map(|_| ())
    };
    assert_eq!(parse(&|_| (), ADDRESS), Ok(()));
    assert_eq!(parse(&|h| h.magic[0] = 0, ADDRESS), Err(ImageError::Magic));
    assert_eq!(
        parse(&|h| h.version = 9, ADDRESS),
        Err(ImageError::Version(9))
    );
    assert_eq!(
        parse(&|h| h.configuration = 7, ADDRESS),
        Err(ImageError::Configuration(7))
    );
    assert_eq!(parse(&|_| (), ADDRESS + 4096), Err(ImageError::Placement));
    assert_eq!(
        parse(&|h| h.length += 64, ADDRESS),
        Err(ImageError::Placement)
    );
    assert_eq!(
        parse(&|h| h.irqs.count = 1 << 20, ADDRESS),
        Err(ImageError::TableBounds("irqs"))
    );
}

#[test]
fn records_that_cannot_be_right_are_refused() {
    let refuse = |change: &dyn Fn(&mut ImageBuilder), table, index| {
        let mut builder = builder();
        change(&mut builder);
        with_parsed(builder, |image| {
            assert_eq!(image.map(|_| ()), Err(ImageError::Record(table, index)));
        });
    };
    let mut without_pool = builder();
    without_pool.page_pool.length = 0x1000;
    with_parsed(without_pool, |image| {
        assert_eq!(image.map(|_| ()), Err(ImageError::PagePool));
    });
    let mut pool_in_image = builder();
    pool_in_image.page_pool.address = ADDRESS;
    with_parsed(pool_in_image, |image| {
        assert_eq!(image.map(|_| ()), Err(ImageError::PagePool));
    });
    refuse(&|b| b.threads[0].priority = 255, "threads", 0);
    refuse(&|b| b.threads[0].vspace = 1, "threads", 0);
    refuse(&|b| b.threads[0].budget = 2000, "threads", 0);
    refuse(&|b| b.threads[0].parent = 0, "threads", 0);
    refuse(
        &|b| b.threads[0].kind = ThreadKind::Vcpu as u32,
        "threads",
        0,
    );
    let mapping = Mapping {
        vspace: 0,
        attributes: MappingAttributes::READ,
        virtual_address: VSPACE_END - PAGE_SIZE,
        physical_address: 0x6000_0000,
        length: PAGE_SIZE,
    };
    let longer = Mapping {
        length: 2 * PAGE_SIZE,
        ..mapping
    };
    refuse(&|b| b.mappings.extend([mapping, longer]), "mappings", 1);
    for (address, length) in [
        (BOARD_RAM_START - 8, 16),
        (RAM_END - 8, 16),
        (u64::MAX, 2),
        (LOAD_ADDRESS, 8),
        (ADDRESS - 8, 16),
        (LOAD_ADDRESS - 8, 16),
    ] {
        let zero = PhysicalRange { address, length };
        refuse(&|b| b.zeroes.push(zero), "zeroes", 0);
        refuse(
            &|b| {
                let source_offset = b.add_payload(&[1; 16], 8);
                b.copies.push(Copy {
                    source_offset,
                    destination: address,
                    length,
                });
            },
            "copies",
            0,
        );
    }
    let timer = Irq {
        intid: 27,
        thread: 0,
        id: 0,
        trigger: 0,
    };
    refuse(&|b| b.irqs.push(timer), "irqs", 0);
}
