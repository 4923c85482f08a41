//! Virtual GICv2.
#![no_std]
