//! The router as a whole, over ports in memory. The way through the wizard is told by the journeys.

mod forms;
mod pages;
mod world;
