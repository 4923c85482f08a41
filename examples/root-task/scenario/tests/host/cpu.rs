//! A processor whose memory is the model's: it walks the tables, and asks the VMM at a fault.

use crate::kernel::HostKernel;
use root_task_scenario::guest::{Cpu, Stopped};
use root_task_scenario::{Next, Vmm};
use vmm_arch::{AccessSize, Gpa};
use vmm_memory::{Access, AccessKind};

/// PSCI's SYSTEM_OFF.
const SYSTEM_OFF: u64 = 0x8400_0008;
/// An instruction that is run again more often than this makes no progress.
const MOST_RUNS: usize = 3;

pub(crate) struct HostCpu<'v> {
    vmm: &'v mut Vmm<HostKernel>,
}

impl<'v> HostCpu<'v> {
    pub(crate) fn new(vmm: &'v mut Vmm<HostKernel>) -> Self {
        Self { vmm }
    }

    pub(crate) fn power_off(&mut self) {
        assert_eq!(self.vmm.call(SYSTEM_OFF), Next::Stop);
    }

    fn access(
        &mut self,
        access: Access,
        value: u64,
        reach: impl Fn(&HostKernel, u64) -> u64,
    ) -> Result<Option<u64>, Stopped> {
        let writes = access.kind == AccessKind::Write;
        for _ in 0..MOST_RUNS {
            let found = self.vmm.kernel().translate(access.gpa);
            if let Some((rights, address)) = found
                && rights.read
                && (rights.write || !writes)
            {
                return Ok(Some(reach(self.vmm.kernel(), address)));
            }
            match self.vmm.fault(access, value) {
                Next::Complete(value) => return Ok(Some(value & access.size.mask())),
                Next::Skip => return Ok(None),
                Next::Again => {}
                Next::Stop => return Err(Stopped),
            }
        }
        panic!("{access:?} is run again and again");
    }
}

impl Cpu for HostCpu<'_> {
    fn load(&mut self, address: u64, size: AccessSize, before: u64) -> Result<u64, Stopped> {
        let access = Access {
            gpa: Gpa(address),
            size,
            kind: AccessKind::Read,
        };
        let loaded = self.access(access, 0, |kernel, address| kernel.load(address, size))?;
        Ok(loaded.unwrap_or(before))
    }

    fn store(&mut self, address: u64, size: AccessSize, value: u64) -> Result<(), Stopped> {
        let access = Access {
            gpa: Gpa(address),
            size,
            kind: AccessKind::Write,
        };
        let store = |kernel: &HostKernel, address| {
            kernel.store(address, size, value);
            0
        };
        self.access(access, value, store)?;
        Ok(())
    }
}
