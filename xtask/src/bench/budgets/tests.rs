use super::*;

fn budgets() -> Budgets {
    toml::from_str(
        r#"
        peer = "they"
        compiler = "1.96.0"
        [[work]]
        name = "read"
        title = "the read"
        sel4 = 100
        devsdk = 200
        peer = 300
        [[work]]
        name = "sleep"
        title = "the sleep"
        recorded = 50
        [[work]]
        name = "boot"
        title = "the boot"
        slow = true
        "#,
    )
    .unwrap()
}

fn figures(read: u64) -> Figures {
    let mut figures = Figures::default();
    figures.add("read", read, None);
    figures.add("sleep", 5, None);
    figures.add("boot", 9, None);
    figures
}

#[test]
fn a_budget_is_met_up_to_its_last_instruction() {
    let budgets = budgets();
    let met = |read, on_sel4| budgets.rows(&figures(read), on_sel4)[0].met();
    assert!(met(100, true) && !met(101, true));
    assert!(met(200, false) && !met(201, false));
}

#[test]
fn slack_is_in_percent_of_the_budget() {
    let budgets = budgets();
    let within = |read| budgets.rows(&figures(read), true)[0].within(2);
    assert!(within(102) && !within(103));
}

#[test]
fn another_compiler_may_need_more() {
    let slack = ["1.96.0", "1.97.0"].map(|compiler| budgets().slack(compiler));
    assert_eq!(slack, [2, 10]);
}

#[test]
fn work_without_a_budget_must_still_be_measured() {
    let budgets = budgets();
    assert_eq!(missed(&budgets.rows(&figures(100), true), 0), "");
    assert_eq!(
        missed(&budgets.rows(&Figures::default(), true), 2),
        "\n  the read: not measured\n  the sleep: not measured\n  the boot: not measured"
    );
}

#[test]
fn a_test_guards_what_was_recorded_and_leaves_out_what_is_slow() {
    let budgets = budgets();
    let guarded = |on_sel4| -> Vec<_> {
        let rows = budgets.guards(&figures(100), on_sel4);
        let pairs = rows.iter().map(|row| (row.work.name.as_str(), row.budget));
        pairs.collect()
    };
    assert_eq!(guarded(true), [("read", Some(100)), ("sleep", Some(50))]);
    assert_eq!(guarded(false), [("read", Some(200)), ("sleep", None)]);
}

#[test]
fn what_is_over_its_budget_is_named() {
    let budgets = budgets();
    assert_eq!(
        missed(&budgets.rows(&figures(125), true), 0),
        "\n  the read: 25.0 % over"
    );
}

#[test]
fn the_ratio_is_that_to_the_peer() {
    let budgets = budgets();
    let figures = figures(150);
    let ratios: Vec<_> = budgets
        .rows(&figures, true)
        .iter()
        .map(Row::ratio)
        .collect();
    assert_eq!(ratios, [Some(0.5), None, None]);
}

#[test]
fn the_budgets_of_this_tree_are_well_formed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("budgets.toml");
    let budgets = Budgets::load(&path).unwrap();
    let names: std::collections::BTreeSet<_> = budgets.work.iter().map(|work| &work.name).collect();
    assert_eq!(names.len(), budgets.work.len());
    // The stand-in guards everything that a test measures.
    let guarded = |work: &Work| work.slow || work.devsdk.is_some();
    assert!(budgets.work.iter().all(guarded));
    // What meets its budget needs no other guard.
    let needed = |work: &Work| {
        work.recorded
            .is_none_or(|cost| work.sel4.is_none_or(|most| cost > most))
    };
    assert!(budgets.work.iter().all(needed));
}
