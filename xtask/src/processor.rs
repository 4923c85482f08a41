//! The processor that `QEMU_ARGS` chooses.

use anyhow::{Result, bail};

/// Those on which Debian boots, with what QEMU calls them.
const KNOWN: &str = "cortex-a35, cortex-a53, cortex-a55, cortex-a57, cortex-a72, cortex-a76 and \
                     neoverse-n1";

/// Refuses a processor on which seL4 itself stops, in a release build without a word. What a
/// guest may not have, the VMM finds by itself.
///
/// # Errors
/// When `arguments` has QEMU's `max` with its 52-bit addresses.
pub fn check(arguments: &[String]) -> Result<()> {
    let mut pairs = arguments.windows(2).rev();
    let chosen = pairs.find_map(|pair| match pair {
        [name, value] if name == "-cpu" || name == "--cpu" => Some(value),
        _ => None,
    });
    let mut words = chosen.into_iter().flat_map(|value| value.split(','));
    if words.next() == Some("max") && !words.any(|word| word == "lpa2=off") {
        bail!(
            "QEMU_ARGS: seL4 does not start on -cpu max, which has 52-bit addresses (FEAT_LPA2); \
             {KNOWN} are known to work"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    fn is_taken(arguments: &str) -> bool {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        check(&arguments).is_ok()
    }

    #[test]
    fn max_is_refused_while_it_has_long_addresses() {
        assert!(!is_taken("-cpu max"));
        assert!(!is_taken("-m 3G -cpu max,sve=off,pauth=off"));
        assert!(
            !is_taken("-cpu cortex-a53 --cpu max"),
            "the last one counts"
        );
        assert!(is_taken("-cpu max,sve=off,lpa2=off"));
        assert!(is_taken("-cpu max -cpu cortex-a72"));
        assert!(is_taken("-cpu cortex-a76"));
        assert!(is_taken("-d max"));
        assert!(is_taken(""));
    }
}
