//! What stands at standard input: a person, a program, or nothing at all.

use std::io::stdin;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat, major, minor, tell};
use rustix::termios::isatty;

/// Kinds of standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A terminal.
    Terminal,
    /// A pipe, a file, or the like, that may have something to read.
    Stream,
    /// Nothing will ever come: `</dev/null`, an empty file, a closed pipe.
    Nothing,
}

/// Linux's numbers of /dev/null.
const NULL_DEVICE: (u32, u32) = (1, 3);

impl Input {
    /// Looks at standard input without taking anything from it.
    pub fn look() -> Self {
        if isatty(stdin()) {
            Self::Terminal
        } else if at_end() {
            Self::Nothing
        } else {
            Self::Stream
        }
    }
}

fn at_end() -> bool {
    let Ok(stat) = fstat(stdin()) else {
        return true;
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice => (major(stat.st_rdev), minor(stat.st_rdev)) == NULL_DEVICE,
        FileType::RegularFile => {
            tell(stdin()).is_ok_and(|at| i64::try_from(at).is_ok_and(|at| at >= stat.st_size))
        }
        FileType::Fifo | FileType::Socket => closed(),
        _ => false,
    }
}

/// Has the writer of the pipe gone, leaving nothing behind?
fn closed() -> bool {
    let input = stdin();
    let mut files = [PollFd::new(&input, PollFlags::IN)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    if poll(&mut files, Some(&now)).is_err() {
        return false;
    }
    let found = files[0].revents();
    found.contains(PollFlags::HUP) && !found.contains(PollFlags::IN)
}
