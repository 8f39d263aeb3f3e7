//! Journeys through a running gateway. The list of modules is the table of contents.

mod architecture;
mod journeys {
    mod first_light;
}
mod world;
