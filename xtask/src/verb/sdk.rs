//! `sdk`: fetches the official Microkit SDK.

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::microkit::FOLDER;
use crate::release::Release;
use crate::setup::{Need, ensure};
use crate::tree::Tree;

/// Options of `sdk`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Another address of the same archive
    #[arg(long, env = "SDK_URL", hide_env_values = true, value_name = "URL")]
    url: Option<String>,
}

/// Puts the release where builds find it by themselves.
///
/// # Errors
/// When it cannot be had; says so in a sentence.
pub fn sdk(tree: &Tree, options: &Options) -> Result<()> {
    let mut release = Release::official();
    if let Some(url) = options.url.as_ref().filter(|url| !url.is_empty()) {
        release.url.clone_from(url);
    }
    let folder = tree.path(FOLDER);
    let installed = folder.join(&release.name);
    if installed.is_dir() {
        eprintln!("{} is there already", Tree::shown(&installed));
        return Ok(());
    }
    let found = ensure(tree, &[Need::Curl])?;
    let curl = found.programs.first().context("curl was asked for")?;
    eprintln!("fetching {}", release.url);
    let installed = release.install(curl, &folder).map_err(|error| {
        anyhow!(
            "{error:#}\nthe SDK was not installed; fetch it elsewhere and name its unpacked folder \
             with MICROKIT_SDK=, or go on with the stand-in, which builds use without an SDK"
        )
    })?;
    eprintln!(
        "{} is installed; builds use it from now on (MICROKIT_SDK=devsdk for the stand-in)",
        Tree::shown(&installed)
    );
    Ok(())
}
