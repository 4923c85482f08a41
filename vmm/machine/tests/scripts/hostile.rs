//! Any stream of exits: the machine always answers, and nobody sleeps over an interrupt.
