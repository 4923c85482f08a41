use super::*;

fn budgets() -> Budgets {
    let work = |name: &str, peer| Work {
        name: name.to_owned(),
        title: format!("the work {name}"),
        sel4: 100,
        devsdk: 200,
        peer,
    };
    Budgets {
        work: vec![work("read", Some(300)), work("write", None)],
    }
}

#[test]
fn figures_are_found_among_other_lines() {
    let found = figures(
        "VMM: guest bench started\r\nBENCH read 150\r\nBENCH-MARK idle-begin\r\nBENCH write x\r\n",
    );
    assert_eq!(found, BTreeMap::from([("read".to_owned(), 150)]));
}

#[test]
fn a_budget_is_met_up_to_its_last_instruction() {
    let budgets = budgets();
    let met = |figure: u64, on_sel4| {
        budgets.rows(&BTreeMap::from([("read".to_owned(), figure)]), on_sel4)[0].met()
    };
    assert!(met(100, true) && !met(101, true));
    assert!(met(200, false) && !met(201, false));
}

#[test]
fn work_that_was_not_measured_misses_its_budget() {
    let budgets = budgets();
    let rows = budgets.rows(&BTreeMap::new(), true);
    assert!(rows.iter().all(|row| !row.met()));
    assert!(table(&rows).contains("MISSED"));
}

#[test]
fn the_table_and_the_files_show_every_row() {
    let budgets = budgets();
    let rows = budgets.rows(
        &BTreeMap::from([("read".to_owned(), 90), ("write".to_owned(), 80)]),
        true,
    );
    let text = table(&rows);
    assert!(
        text.contains("the work read") && text.contains("0.30"),
        "{text}"
    );
    assert!(!text.contains("MISSED"), "{text}");
    assert!(json(&rows).contains(
        r#"{"work": "write", "measured": 80, "budget": 100, "peer": null, "met": true}"#
    ));
    assert_eq!(chart(&rows).matches("<rect").count(), 3);
}

#[test]
fn the_budgets_of_this_tree_are_well_formed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("budgets.toml");
    assert!(!Budgets::load(&path).unwrap().work.is_empty());
}
