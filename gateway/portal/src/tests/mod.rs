//! The router as a whole, over ports in memory. The way through the wizard is told by the journeys.

mod console;
mod console_records;
mod console_world;
mod forms;
mod own;
mod pages;
mod world;
