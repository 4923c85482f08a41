//! `image`: `loader.img`, to be loaded as the Microkit manual says for the board.

use anyhow::Result;

use crate::image::Recipe;
use crate::knobs::Knobs;
use crate::tree::Tree;

/// Builds it.
///
/// # Errors
/// When the system, a guest image, or the build is at fault.
pub fn image(tree: &Tree, knobs: &Knobs) -> Result<()> {
    Recipe::new(tree, knobs)?.build(tree)?;
    Ok(())
}
