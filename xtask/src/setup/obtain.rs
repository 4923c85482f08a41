//! How a tool is had: from the machine, else installed, else unpacked privately.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use super::private::{Outcome, Tools, wrapper};
use super::tool::Tool;
use super::version::{Version, ask};
use super::{host, install};
use crate::progress::step;
use crate::tree::Tree;

/// A tool that is needed, and how to tell that it is there.
pub(super) struct Wanted<'a> {
    pub(super) tool: &'a Tool,
    pub(super) minimum: Option<&'a Version>,
    /// Where it is on this machine.
    pub(super) on_machine: &'a dyn Fn() -> Option<PathBuf>,
    /// Where it is in a private folder.
    pub(super) in_folder: &'a dyn Fn(&Path) -> Option<PathBuf>,
    /// Another way to get it, to be tried before Debian's packages.
    pub(super) other_way: Option<&'a dyn Fn()>,
}

/// A program of the PATH, or of a private folder, that is new enough.
pub(super) fn program(tree: &Tree, tool: &Tool, minimum: Option<&Version>) -> Result<PathBuf> {
    let name = tool.program.unwrap_or_default();
    let usable = |path: &PathBuf| match minimum {
        Some(minimum) => Version::of(path).is_some_and(|version| version >= *minimum),
        None => ask(path).is_some(),
    };
    Wanted {
        tool,
        minimum,
        on_machine: &|| host::on_path(name).into_iter().find(usable),
        in_folder: &|root| Some(wrapper(root, name)).filter(usable),
        other_way: None,
    }
    .obtain(tree)
}

impl Wanted<'_> {
    /// Finds the tool or gets it.
    ///
    /// # Errors
    /// One sentence that says why it can be neither installed nor unpacked.
    pub(super) fn obtain(&self, tree: &Tree) -> Result<PathBuf> {
        let tools = Tools::new(tree);
        let suites = self.tool.suites(&host::suite(), self.minimum);
        if let Some(found) = self.find(&tools, &suites) {
            return Ok(found);
        }
        let _lock = tools.lock()?;
        // Another process may have got it while this one waited.
        if let Some(found) = self.find(&tools, &suites) {
            return Ok(found);
        }
        if let Some(other_way) = self.other_way {
            other_way();
            if let Some(found) = (self.on_machine)() {
                return Ok(found);
            }
        }
        self.get(&tools, &suites)
    }

    fn find(&self, tools: &Tools, suites: &[String]) -> Option<PathBuf> {
        (self.on_machine)().or_else(|| {
            let mut roots = suites.iter().map(|suite| tools.root(self.tool, suite));
            roots.find_map(|root| (self.in_folder)(&root))
        })
    }

    fn get(&self, tools: &Tools, suites: &[String]) -> Result<PathBuf> {
        let wanted = self.tool.wanted(self.minimum);
        let packages = self.tool.packages.join(", ");
        if host::on_path("apt-get").is_empty() {
            bail!(
                "{wanted} is needed, and there is no apt-get here to get it with: please install \
                 what Debian calls {packages}"
            );
        }
        let installed = install::install(self.tool, self.minimum);
        // Also after an error: apt-get may have got that far.
        if let Some(found) = (self.on_machine)() {
            return Ok(found);
        }
        let not_installed = installed.map_or_else(
            |error| one_line(&error),
            |()| "what apt-get installed does not do".to_owned(),
        );
        step(&format!(
            "{packages}: not installed on this machine ({not_installed}); to be unpacked for this project only"
        ));
        match self.unpack(tools, suites) {
            Ok(found) => Ok(found),
            Err(error) => bail!(
                "{wanted} is needed and cannot be unpacked for this project: {}",
                one_line(&error)
            ),
        }
    }

    fn unpack(&self, tools: &Tools, suites: &[String]) -> Result<PathBuf> {
        let mut others = Vec::new();
        for suite in suites {
            match tools.unpack(self.tool, suite, self.minimum)? {
                Outcome::TooOld(version) => others.push(format!("{suite} has {version}")),
                Outcome::Unpacked => {
                    let root = tools.root(self.tool, suite);
                    return (self.in_folder)(&root).ok_or_else(|| {
                        anyhow!("what was unpacked in {} does not run", root.display())
                    });
                }
            }
        }
        bail!("Debian {}", others.join(", "))
    }
}

/// An error with its causes as one line.
fn one_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
