//! A device tree that stands behind a kernel in the same file, as some boot loaders want it.

/// First bytes of a flattened device tree, and where its length stands (Devicetree
/// Specification 0.4, section 5.2).
const MAGIC: [u8; 4] = [0xd0, 0x0d, 0xfe, 0xed];
const HEADER_BYTES: usize = 40;

/// Where in `bytes` a device tree begins that reaches to their end, to padding of zeroes, or to
/// a further tree.
pub(super) fn tree_in(bytes: &[u8]) -> Option<usize> {
    let last = bytes.iter().rposition(|byte| *byte != 0)?;
    let windows = bytes.windows(MAGIC.len()).enumerate();
    let mut starts = windows.filter(|(_, word)| *word == MAGIC);
    starts.find_map(|(at, _)| {
        let length = bytes.get(at..at + HEADER_BYTES)?.get(4..)?;
        let length = u32::from_be_bytes(*length.first_chunk()?) as usize;
        let end = at.checked_add(length.max(HEADER_BYTES))?;
        let follows = bytes.get(end..)?;
        (end > last || follows.starts_with(&MAGIC)).then_some(at)
    })
}

/// What is said about a device tree at `offset` of the file.
pub(super) fn unused_tree(offset: usize) -> String {
    format!(
        "has a device tree behind the kernel, from {offset:#x} on, which is not used; to give it \
         to the guest, cut it out (tail -c +{} FILE > tree.dtb) and say DTB=tree.dtb",
        offset + 1
    )
}
