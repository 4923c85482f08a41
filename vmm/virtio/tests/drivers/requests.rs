//! Requests that the independent driver does not make, on a disk that answers when told to.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use vmm_arch::Gpa;
use vmm_device::Effects;
use vmm_virtio::{
    block::{
        Block, RamDisk,
        disk::{Completion, Disk, DiskError, Operation, Submission, Token},
    },
    transport::mmio::Mmio,
};

use crate::{
    board::{memory, region},
    raw::{BUFFERS, Raw, WRITE},
};

const HEADER: u64 = BUFFERS;
const STATUS: u64 = BUFFERS + 0x800;
const DATA: u64 = BUFFERS + 0x1000;

/// Sectors of the disk under test.
const SECTORS: u64 = 32;

type Answers = Rc<RefCell<VecDeque<(Token, Result<(), DiskError>)>>>;

/// Takes up to `room` requests, and answers when the test does.
struct Slow {
    room: usize,
    taken: Rc<RefCell<Vec<Token>>>,
    answers: Answers,
}

impl Disk for Slow {
    fn sectors(&self) -> u64 {
        SECTORS
    }

    fn is_read_only(&self) -> bool {
        false
    }

    fn submit(&mut self, token: Token, _: Operation<'_, '_>, _: &mut Effects) -> Submission {
        if self.taken.borrow().len() == self.room {
            return Submission::Busy;
        }
        self.taken.borrow_mut().push(token);
        Submission::Pending
    }

    fn poll(&mut self, _: &mut Effects) -> Option<Completion<'_>> {
        let (token, result) = self.answers.borrow_mut().pop_front()?;
        Some(Completion {
            token,
            result,
            data: None,
        })
    }
}

type Driver<D> = Raw<Mmio<'static, Block<'static, D>, 1>>;

fn driver<D: Disk>(disk: D) -> Driver<D> {
    Raw::new(
        Mmio::new(memory(), Block::new(memory(), disk, [0; 20])),
        1,
        0,
    )
}

/// A request of three parts; gives its status and the bytes written.
fn request<D: Disk>(
    driver: &mut Driver<D>,
    kind: u32,
    sector: u64,
    data: (u64, u32, u16),
) -> (u8, u32) {
    header(kind, sector);
    memory().write_u8(Gpa(STATUS), 0xff).unwrap();
    driver.send(0, 0, &[(HEADER, 16, 0), data, (STATUS, 1, WRITE)]);
    let (head, written) = driver.used(0).expect("an answer at once");
    assert_eq!(head, 0);
    (status(), written)
}

fn header(kind: u32, sector: u64) {
    memory().write_u64(Gpa(HEADER), kind.into()).unwrap();
    memory().write_u64(Gpa(HEADER + 8), sector).unwrap();
}

fn status() -> u8 {
    memory().read_u8(Gpa(STATUS)).unwrap()
}

fn ram_disk() -> RamDisk<'static> {
    RamDisk::new(region(SECTORS as usize * 512), memory(), false).unwrap()
}

const OK: u8 = 0;
const IOERR: u8 = 1;
const UNSUPP: u8 = 2;

#[test]
fn statuses() {
    let mut driver = driver(ram_disk());
    let into = |bytes| (DATA, bytes, WRITE);
    let from = |bytes| (DATA, bytes, 0);
    let cases = [
        ("read", 0, 0, into(512), (OK, 513)),
        ("read of nothing", 0, 32, into(0), (OK, 1)),
        ("read the last", 0, 31, into(512), (OK, 513)),
        ("read one too many", 0, 31, into(1024), (IOERR, 1)),
        ("read behind the end", 0, 33, into(0), (IOERR, 1)),
        ("read around the end", 0, u64::MAX, into(512), (IOERR, 1)),
        ("read half a sector", 0, 0, into(256), (IOERR, 1)),
        ("read 513", 0, 0, into(513), (IOERR, 1)),
        ("read into what is readable", 0, 0, from(512), (OK, 1)),
        ("write", 1, 3, from(1024), (OK, 1)),
        ("write 511", 1, 3, from(511), (IOERR, 1)),
        ("write behind the end", 1, 32, from(512), (IOERR, 1)),
        ("flush", 4, 0, from(0), (OK, 1)),
        (
            "flush with data and sector",
            4,
            u64::MAX,
            from(512),
            (OK, 1),
        ),
        ("name", 8, 0, into(20), (OK, 21)),
        ("short name", 8, 0, into(5), (OK, 6)),
        ("long name", 8, 0, into(512), (OK, 21)),
        ("SCSI", 2, 0, into(512), (UNSUPP, 1)),
        ("lifetime", 10, 0, into(512), (UNSUPP, 1)),
        ("unknown", 0xffff_ffff, 0, into(512), (UNSUPP, 1)),
    ];
    for (name, kind, sector, data, expected) in cases {
        assert_eq!(request(&mut driver, kind, sector, data), expected, "{name}");
    }
}

#[test]
fn discard_and_write_zeroes() {
    let mut driver = driver(ram_disk());
    memory().write(Gpa(DATA), &[7; 4096]).unwrap();
    assert_eq!(request(&mut driver, 1, 0, (DATA, 4096, 0)), (OK, 1));
    let mut range = |kind, sector: u64, sectors: u32, flags: u32, length| {
        memory().write_u64(Gpa(DATA), sector).unwrap();
        memory().write_u32(Gpa(DATA + 8), sectors).unwrap();
        memory().write_u32(Gpa(DATA + 12), flags).unwrap();
        request(&mut driver, kind, 0, (DATA, length, 0)).0
    };
    assert_eq!(range(13, 1, 2, 0, 16), OK);
    assert_eq!(range(13, 5, 1, 1, 16), OK, "may unmap");
    assert_eq!(range(11, 31, 1, 0, 16), OK);
    assert_eq!(range(11, 0, 1, 1, 16), UNSUPP, "unmap of a discard");
    assert_eq!(range(13, 0, 1, 2, 16), UNSUPP);
    assert_eq!(range(13, 31, 2, 0, 16), IOERR);
    assert_eq!(range(13, u64::MAX, 1, 0, 16), IOERR);
    assert_eq!(range(13, 0, u32::MAX, 0, 16), IOERR);
    assert_eq!(range(13, 0, 1, 0, 15), IOERR, "half a range");
    assert_eq!(range(13, 0, 1, 0, 32), IOERR, "two ranges");
    assert_eq!(request(&mut driver, 0, 0, (DATA, 4096, WRITE)), (OK, 4097));
    let mut bytes = [0; 4096];
    memory().read(Gpa(DATA), &mut bytes).unwrap();
    for (sector, bytes) in bytes.chunks(512).enumerate() {
        let zero = [1, 2, 5].contains(&sector);
        assert_eq!(bytes, [if zero { 0 } else { 7 }; 512], "sector {sector}");
    }
}

#[test]
fn requests_of_odd_shape() {
    let mut driver = driver(ram_disk());
    header(0, 0);
    // The header in three pieces, the status behind the data in one.
    let split = [
        (HEADER, 1, 0),
        (HEADER + 1, 8, 0),
        (HEADER + 9, 7, 0),
        (DATA, 513, WRITE),
    ];
    driver.send(0, 0, &split);
    assert_eq!(driver.used(0), Some((0, 513)));
    assert_eq!(memory().read_u8(Gpa(DATA + 512)), Ok(OK));
    // No status at all: it comes back with nothing.
    driver.send(0, 0, &[(HEADER, 16, 0)]);
    assert_eq!(driver.used(0), Some((0, 0)));
    // A status of no bytes.
    driver.send(0, 0, &[(HEADER, 16, 0), (STATUS, 0, WRITE)]);
    assert_eq!(driver.used(0), Some((0, 0)));
    // Half a header.
    memory().write_u8(Gpa(STATUS), 0xff).unwrap();
    driver.send(0, 0, &[(HEADER, 15, 0), (STATUS, 1, WRITE)]);
    assert_eq!((driver.used(0), status()), (Some((0, 1)), IOERR));
    // A header that only the device writes.
    memory().write_u8(Gpa(STATUS), 0xff).unwrap();
    driver.send(0, 0, &[(HEADER, 16, WRITE), (STATUS, 1, WRITE)]);
    assert_eq!((driver.used(0), status()), (Some((0, 1)), IOERR));
    assert!(!driver.is_broken());
    driver.send(0, 0, &[(HEADER, 16, 0), (0, 1, WRITE)]);
    assert!(driver.is_broken(), "a status outside of RAM");
    driver.start(0);
    assert_eq!(request(&mut driver, 4, 0, (DATA, 0, 0)), (OK, 1));
}

fn slow(room: usize) -> (Driver<Slow>, Rc<RefCell<Vec<Token>>>, Answers) {
    let taken = Rc::new(RefCell::new(Vec::new()));
    let answers = Answers::default();
    let disk = Slow {
        room,
        taken: taken.clone(),
        answers: answers.clone(),
    };
    (driver(disk), taken, answers)
}

fn write_at(driver: &mut Driver<Slow>, head: u16) {
    header(1, 0);
    driver.send(
        0,
        head,
        &[
            (HEADER, 16, 0),
            (DATA, 512, 0),
            (STATUS + u64::from(head), 1, WRITE),
        ],
    );
}

#[test]
fn answers_come_late_and_in_any_order() {
    let (mut driver, taken, answers) = slow(8);
    for head in [0, 3, 6] {
        write_at(&mut driver, head);
    }
    assert_eq!(driver.used(0), None);
    let tokens = taken.borrow().clone();
    let [first, second, third] = tokens[..] else {
        panic!("three were taken");
    };
    answers.borrow_mut().push_back((third, Ok(())));
    answers
        .borrow_mut()
        .push_back((first, Err(DiskError::Failed)));
    driver.bus.signal();
    assert_eq!(
        (driver.used(0), driver.used(0)),
        (Some((6, 1)), Some((0, 1)))
    );
    assert_eq!(memory().read_u8(Gpa(STATUS)), Ok(IOERR));
    // Twice, and with a name that never was.
    answers.borrow_mut().push_back((third, Ok(())));
    answers.borrow_mut().push_back((Token(u32::MAX), Ok(())));
    answers.borrow_mut().push_back((second, Ok(())));
    driver.bus.signal();
    assert_eq!((driver.used(0), driver.used(0)), (Some((3, 1)), None));
    assert!(!driver.is_broken());
}

#[test]
fn a_full_disk_holds_one_request_back() {
    let (mut driver, taken, answers) = slow(1);
    write_at(&mut driver, 0);
    write_at(&mut driver, 3);
    write_at(&mut driver, 6);
    let first = taken.borrow_mut().pop().unwrap();
    answers.borrow_mut().push_back((first, Ok(())));
    driver.bus.signal();
    assert_eq!((driver.used(0), driver.used(0)), (Some((0, 1)), None));
    let second = taken.borrow_mut().pop().unwrap();
    answers.borrow_mut().push_back((second, Ok(())));
    driver.bus.signal();
    assert_eq!(driver.used(0), Some((3, 1)));
    let third = taken.borrow_mut().pop().unwrap();
    answers.borrow_mut().push_back((third, Ok(())));
    driver.bus.signal();
    assert_eq!(driver.used(0), Some((6, 1)));
}

#[test]
fn an_answer_of_before_a_reset_is_dropped() {
    let (mut driver, taken, answers) = slow(1);
    write_at(&mut driver, 3);
    write_at(&mut driver, 6);
    let old = taken.borrow_mut().pop().unwrap();
    driver.start(0);
    write_at(&mut driver, 3);
    answers.borrow_mut().push_back((old, Ok(())));
    driver.bus.signal();
    assert_eq!(driver.used(0), None, "the request at 3 is another one");
    let new = taken.borrow_mut().pop().unwrap();
    assert_ne!(old, new);
    answers.borrow_mut().push_back((new, Ok(())));
    driver.bus.signal();
    assert_eq!((driver.used(0), driver.used(0)), (Some((3, 1)), None));
}
