//! Misspelt elements, attributes and instructions: nothing would read them, and what they say
//! would be left out without a word.

use roxmltree::{Attribute, Document, Node};

use crate::diagnostic::Diagnostics;
use crate::source::Source;
use crate::vocabulary::nearest;

use super::reader::opening;

/// An element, its attributes, and the elements inside it, as in Microkit 2.3.
struct Element {
    name: &'static str,
    attributes: &'static [&'static str],
    children: &'static [&'static str],
}

const fn element(
    name: &'static str,
    attributes: &'static [&'static str],
    children: &'static [&'static str],
) -> Element {
    Element {
        name,
        attributes,
        children,
    }
}

/// The elements that are about virtual machines and what they need.
const ELEMENTS: [Element; 10] = [
    element(
        "system",
        &[],
        &["memory_region", "protection_domain", "channel"],
    ),
    element(
        "memory_region",
        &["name", "size", "page_size", "phys_addr", "prefill_path"],
        &[],
    ),
    element(
        "protection_domain",
        &[
            "name",
            "priority",
            "budget",
            "period",
            "passive",
            "stack_size",
            "smc",
            "cpu",
            "domain",
            "fpu",
            "id",
            "setvar_id",
        ],
        &[
            "program_image",
            "map",
            "irq",
            "virtual_machine",
            "protection_domain",
        ],
    ),
    element(
        "virtual_machine",
        &["name", "priority", "budget", "period"],
        &["vcpu", "map"],
    ),
    element("vcpu", &["id", "setvar_id", "cpu"], &[]),
    element(
        "map",
        &[
            "mr",
            "vaddr",
            "perms",
            "cached",
            "setvar_vaddr",
            "setvar_size",
            "setvar_prefill_size",
        ],
        &[],
    ),
    element("irq", &["irq", "id", "setvar_id", "trigger"], &[]),
    element("program_image", &["path", "path_for_symbols"], &[]),
    element("channel", &[], &["end"]),
    element("end", &["pd", "id", "setvar_id", "notify", "pp"], &[]),
];

/// Elements of Microkit that are none of our business.
const OTHERS: [&str; 5] = ["setvar", "ioport", "cspace", "domains", "io_address_space"];

/// The attributes that have only these values.
const VALUES: [(&str, [&str; 2]); 5] = [
    ("trigger", ["level", "edge"]),
    ("cached", ["true", "false"]),
    ("smc", ["true", "false"]),
    ("fpu", ["true", "false"]),
    ("passive", ["true", "false"]),
];

/// Reports them; is there none?
pub(super) fn check(xml: &Document<'_>, source: &Source, found: &mut Diagnostics) -> bool {
    let mut is_good = true;
    for node in xml.root().descendants() {
        if let Some(instruction) = node.pi() {
            is_good &= check_target(node, instruction.target, found);
        }
        let name = node.tag_name().name();
        if let Some(element) = ELEMENTS.iter().find(|element| element.name == name) {
            for attribute in node.attributes() {
                is_good &= check_attribute(element, attribute, found);
            }
            for child in node.children().filter(Node::is_element) {
                is_good &= check_child(element, child, source, found);
            }
        }
    }
    is_good
}

/// `<?vm ram?>` and the like.
fn check_target(node: Node<'_, '_>, target: &str, found: &mut Diagnostics) -> bool {
    let lower = target.to_ascii_lowercase();
    let is_ours = target == "vmm";
    if is_ours || (nearest(&lower, ["vmm"]).is_none() && !lower.starts_with("vmm")) {
        return true;
    }
    let start = node.range().start + "<?".len();
    found
        .error(
            &(start..start + target.len()),
            format!("`<?{target} ...?>` is not one of our instructions"),
            "nobody would read it",
        )
        .hint("write <?vmm WORD ...?>");
    false
}

fn check_attribute(
    element: &Element,
    attribute: Attribute<'_, '_>,
    found: &mut Diagnostics,
) -> bool {
    let (name, value) = (attribute.name(), attribute.value());
    if !element.attributes.contains(&name) {
        let title = format!("<{}> has no attribute `{name}`", element.name);
        let place = attribute.range_qname();
        let known = element.attributes.iter().copied();
        match nearest(name, known.clone()) {
            Some(near) => found
                .error(&place, title, "unknown attribute")
                .hint(format!("did you mean `{near}`?")),
            None if element.attributes.is_empty() => found
                .error(&place, title, "unknown attribute")
                .hint("it has none"),
            None => found
                .error(&place, title, "unknown attribute")
                .hint(format!(
                    "its attributes are: {}",
                    known.collect::<Vec<_>>().join(", ")
                )),
        };
        return false;
    }
    let values = VALUES.iter().find(|(attribute, _)| *attribute == name);
    let Some((_, [one, other])) = values.filter(|(_, values)| !values.contains(&value)) else {
        return true;
    };
    found
        .error(
            &attribute.range(),
            format!("`{name}` is neither {one} nor {other}"),
            "unknown value",
        )
        .hint(format!("write {name}=\"{one}\" or {name}=\"{other}\""));
    false
}

/// Other elements are left to the microkit tool, unless they are misspelt ones of these.
fn check_child(
    element: &Element,
    child: Node<'_, '_>,
    source: &Source,
    found: &mut Diagnostics,
) -> bool {
    let name = child.tag_name().name();
    if element.children.contains(&name) || OTHERS.contains(&name) {
        return true;
    }
    let mut parents = ELEMENTS.iter();
    let parent = parents.find(|parent| parent.children.contains(&name));
    let near = nearest(name, element.children.iter().copied());
    let hint = match (parent, near) {
        (Some(parent), _) => format!("<{name}> stands inside <{}>", parent.name),
        (None, Some(near)) => format!("did you mean <{near}>?"),
        (None, None) => return true,
    };
    found
        .error(
            &opening(child, source),
            format!("<{}> holds no <{name}>", element.name),
            "nobody would read it",
        )
        .hint(hint);
    false
}
