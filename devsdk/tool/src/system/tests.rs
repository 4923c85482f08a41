//! What the description becomes; refusals are in the integration tests.

use std::path::Path;

use super::*;

fn parse(body: &str) -> System {
    let xml = format!("<system>{body}</system>");
    System::parse(Path::new("test.system"), &xml, &[]).unwrap()
}

const PD: &str = r#"<program_image path="p"/>"#;

#[test]
fn nested_domains_follow_their_parents() {
    let system = parse(&format!(
        r#"<protection_domain name="a">{PD}
            <protection_domain name="b" id="3">{PD}
                <protection_domain name="c" id="3">{PD}</protection_domain></protection_domain>
            <protection_domain name="d" id="4">{PD}</protection_domain></protection_domain>
        <protection_domain name="e">{PD}</protection_domain>"#
    ));
    let order: Vec<_> = system
        .protection_domains
        .iter()
        .map(|pd| (pd.name.as_str(), pd.parent, pd.id))
        .collect();
    let expected = [
        ("a", None, None),
        ("b", Some(0), Some(3)),
        ("c", Some(1), Some(3)),
        ("d", Some(0), Some(4)),
        ("e", None, None),
    ];
    assert_eq!(order, expected);
}

#[test]
fn defaults_are_microkits() {
    let system = parse(&format!(
        r#"<protection_domain name="a">{PD}</protection_domain>"#
    ));
    let pd = &system.protection_domains[0];
    assert_eq!(
        pd.scheduling,
        Scheduling {
            priority: 0,
            budget: 1000,
            period: 1000
        }
    );
    assert_eq!(
        (pd.stack_size, pd.fpu, pd.smc, pd.passive),
        (0x2000, true, false, false)
    );
}

#[test]
fn a_period_without_a_budget_keeps_the_default_budget() {
    let scheduling = |attributes: &str| {
        let pd = format!(r#"<protection_domain name="a" {attributes}>{PD}</protection_domain>"#);
        let scheduling = parse(&pd).protection_domains[0].scheduling;
        (scheduling.budget, scheduling.period)
    };
    assert_eq!(scheduling(r#"budget="70""#), (70, 70));
    assert_eq!(scheduling(r#"period="5000""#), (1000, 5000));
}

#[test]
fn large_pages_where_every_address_allows_them() {
    let page_size = |region: &str, vaddr: &str| {
        let system = parse(&format!(
            r#"<memory_region name="m" {region}/>
            <protection_domain name="a">{PD}<map mr="m" vaddr="{vaddr}"/></protection_domain>"#
        ));
        system.memory_regions[0].page_size
    };
    assert_eq!(page_size(r#"size="0x400_000""#, "0x200_000"), LARGE_PAGE);
    assert_eq!(page_size(r#"size="0x400_000""#, "0x201_000"), SMALL_PAGE);
    assert_eq!(page_size(r#"size="0x401_000""#, "0x200_000"), SMALL_PAGE);
    let fixed = r#"size="0x400_000" phys_addr="0x8000_1000""#;
    assert_eq!(page_size(fixed, "0x200_000"), SMALL_PAGE);
    let given = r#"size="0x400_000" page_size="0x1000""#;
    assert_eq!(page_size(given, "0x200_000"), SMALL_PAGE);
}

#[test]
fn an_unused_region_is_a_warning() {
    let system = parse(&format!(
        r#"<memory_region name="m" size="0x1000"/>
        <protection_domain name="a">{PD}</protection_domain>"#
    ));
    assert_eq!(system.warnings, ["unused memory region 'm'"]);
}

#[test]
fn too_many_of_a_kind_are_refused() {
    let refusal = |body: &str| {
        let xml = format!("<system>{body}</system>");
        System::parse(Path::new("test.system"), &xml, &[])
            .unwrap_err()
            .to_string()
    };
    let pds: String = (0..64)
        .map(|index| format!(r#"<protection_domain name="p{index}">{PD}</protection_domain>"#))
        .collect();
    let message = "Error: too many protection domains (64) defined. Maximum is 63.";
    assert_eq!(refusal(&pds), message);
    let vcpus: String = (0..33).map(|id| format!(r#"<vcpu id="{id}"/>"#)).collect();
    let machines: String = (0..2)
        .map(|index| {
            format!(
                r#"<protection_domain name="p{index}">{PD}
                <virtual_machine name="v{index}">{vcpus}</virtual_machine></protection_domain>"#
            )
        })
        .collect();
    let message = "Error: too many virtual CPUs (66) defined. Maximum is 64.";
    assert_eq!(refusal(&machines), message);
}
