//! `<channel>`: two ends that may notify or call each other.

use super::{ID_END, ProtectionDomain, SetVariable, Value};
use crate::Result;
use crate::xml::Element;

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its two ends.
    pub ends: [ChannelEnd; 2],
}

/// One end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelEnd {
    /// Index of the PD.
    pub pd: usize,
    /// The channel's number there.
    pub id: u64,
    /// Whether this end may notify the other.
    pub notify: bool,
    /// Whether this end may call the other.
    pub call: bool,
}

impl Channel {
    /// The ends with the other end of each.
    pub fn directions(&self) -> [(&ChannelEnd, &ChannelEnd); 2] {
        let [a, b] = &self.ends;
        [(a, b), (b, a)]
    }

    /// Reads the element; the variables of `setvar_id` go to the PDs.
    pub(super) fn from_element(element: Element<'_>, pds: &mut [ProtectionDomain]) -> Result<Self> {
        element.allow_attributes(&[])?;
        let ends = element
            .children()
            .map(|end| channel_end(end, pds))
            .collect::<Result<Vec<_>>>()?;
        let Ok([(a, variable_a), (b, variable_b)]) = <[_; 2]>::try_from(ends) else {
            return Err(element.error("exactly two end elements must be specified"));
        };
        if a.call && b.call {
            return Err(element.error("cannot ppc bidirectionally"));
        }
        for (end, variable) in [(&a, variable_a), (&b, variable_b)] {
            if let Some(symbol) = variable {
                let variable = SetVariable {
                    symbol,
                    value: Value::Number(end.id),
                };
                variable.add_to(&mut pds[end.pd].variables, element)?;
            }
        }
        Ok(Self { ends: [a, b] })
    }
}

fn channel_end(
    element: Element<'_>,
    pds: &[ProtectionDomain],
) -> Result<(ChannelEnd, Option<String>)> {
    if element.name() != "end" {
        return Err(element.unknown());
    }
    element.allow_attributes(&["pd", "id", "pp", "notify", "setvar_id"])?;
    let name = element.required("pd")?;
    let id = element.identifier(ID_END)?;
    let notify = element.switch("notify", true)?;
    let call = element.switch("pp", false)?;
    let pd = pds
        .iter()
        .position(|pd| pd.name == name)
        .ok_or_else(|| element.error(format!("invalid PD name '{name}'")))?;
    Ok((
        ChannelEnd {
            pd,
            id,
            notify,
            call,
        },
        element.owned("setvar_id"),
    ))
}
