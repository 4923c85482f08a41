//! System call numbers, passed in `x7`. Those of a debug or benchmark kernel keep their number
//! where the configuration leaves others out.

pub const Call: i32 = -1;
pub const ReplyRecv: i32 = -2;
pub const NBSendRecv: i32 = -3;
pub const NBSendWait: i32 = -4;
pub const Send: i32 = -5;
pub const NBSend: i32 = -6;
pub const Recv: i32 = -7;
pub const NBRecv: i32 = -8;
pub const Wait: i32 = -9;
pub const NBWait: i32 = -10;
pub const Yield: i32 = -11;

sel4_config::sel4_cfg_if! {
    if #[sel4_cfg(PRINTING)] {
        pub const DebugPutChar: i32 = -12;
        pub const DebugDumpScheduler: i32 = -13;
    }
}

sel4_config::sel4_cfg_if! {
    if #[sel4_cfg(DEBUG_BUILD)] {
        pub const DebugHalt: i32 = -14;
        pub const DebugCapIdentify: i32 = -15;
        pub const DebugSnapshot: i32 = -16;
        pub const DebugNameThread: i32 = -17;
    }
}
