use super::*;
use crate::profile::counts::parse;

/// One exit, done twice: 3 guest instructions and 5 user instructions in all.
const COUNTS: &str = "phase 0\n40000000 d503201f 9\n\
    phase 1\n40000000 d503201f,d503201f 2,1\n400000 d503201f 5\n\
    phase 2\n40000000 d503201f 9\n";

fn run(console: &str) -> Run {
    Run {
        console: console.to_owned(),
        phases: parse(COUNTS).unwrap(),
    }
}

fn owners() -> Owners {
    Owners::new(Vec::new(), vec![0x4000_0000..=0x4fff_ffff])
}

#[test]
fn every_second_phase_is_an_exit() {
    let run = run("VMM: started\r\nBENCH-INFO profile read 2\r\nBENCH read 1\r\n");
    let exits = exits(&run, &owners()).unwrap();
    let [exit] = exits.as_slice() else {
        panic!("{exits:?}")
    };
    assert_eq!((exit.name.as_str(), exit.times), ("read", 2));
    assert_eq!((exit.shares.guest_kernel, exit.shares.guest_user), (3, 5));
    let counts: Vec<(Part, u64)> = exit.functions.iter().map(|f| (f.part, f.count)).collect();
    assert_eq!(counts, [(Part::GuestUser, 5), (Part::GuestKernel, 3)]);
}

#[test]
fn another_guest_is_no_bench_guest() {
    for console in [
        "Linux\n",
        "BENCH-INFO profile read 0\n",
        "BENCH-INFO profile a 1\nBENCH-INFO profile b 1\n",
    ] {
        let error = exits(&run(console), &owners()).unwrap_err();
        assert!(format!("{error}").contains(console), "{error}");
    }
}

#[test]
fn figures_stand_in_the_columns_of_their_parts() {
    let function = |part, name: &str, count| Function {
        part,
        name: name.to_owned(),
        count,
    };
    let work = Work {
        name: "read".to_owned(),
        times: 10,
        shares: Shares {
            kernel: 996,
            vmm: 200,
            guest_kernel: 30,
            ..Shares::default()
        },
        functions: vec![
            function(Part::Kernel, "schedule", 990),
            function(Part::Vmm, "<vmm::Vm<A>>::call", 200),
            function(Part::GuestKernel, "main", 30),
            function(Part::Kernel, "once", 4),
        ],
    };
    let lines = |most| {
        let table = table(std::slice::from_ref(&work), most);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        table.lines().map(words).collect::<Vec<_>>()
    };
    let expected = [
        "instructions all kernel VMM guest",
        "read 123 100 20 3",
        "schedule 99",
        "<vmm::Vm>::call 20",
        "main 3",
    ];
    assert_eq!(lines(9), expected);
    assert_eq!(lines(1), expected[..3]);
    let table = table(&[work], 9);
    assert_eq!(ends(&table, ["kernel", " 99"]), [79, 79]);
    assert_eq!(ends(&table, ["VMM", " 20"]), [89, 89, 89]);
    assert_eq!(ends(&table, ["guest", "   3"]), [99, 99, 99]);
}

/// The columns in which the words end, line by line.
fn ends(table: &str, words: [&str; 2]) -> Vec<usize> {
    let end = |line: &str| {
        words
            .iter()
            .find_map(|word| Some(line.find(word)? + word.len()))
    };
    table.lines().filter_map(end).collect()
}

#[test]
fn names_are_shown_without_what_they_are_generic_over() {
    for (name, shown) in [
        ("schedule", "schedule"),
        ("<m::Vm<A<B>, C>>::call::<x::D>", "<m::Vm>::call"),
        ("<m::A as n::Into<u8>>::into", "<m::A as n::Into>::into"),
        ("f::<fn() -> u8>::g", "f::::g"),
    ] {
        assert_eq!(without_generics(name), shown);
    }
}
