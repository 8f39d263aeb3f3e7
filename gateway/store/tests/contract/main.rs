//! What the store promises, told as stories; each runs over SQLite and over PostgreSQL.
//!
//! PostgreSQL is a private cluster on a Unix socket that lives as long as this process. `DOORWARD_TEST_POSTGRES` may hold
//! the address of a server to use instead, as a user who may create databases. Where there is neither, the stories fail.

/// Makes two tests of each story, one for each database.
#[cfg(test)]
macro_rules! both {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $story() { crate::world::tell(crate::world::Kind::Sqlite, super::$story); })*
        }
        mod postgres {
            $(#[test] fn $story() { crate::world::tell(crate::world::Kind::Postgres, super::$story); })*
        }
    };
}

#[cfg(test)]
mod acts;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod look;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod outlets;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
mod people;
#[cfg(test)]
mod ports;
#[cfg(test)]
mod provisioning;
#[cfg(test)]
mod provisioning_rules;
#[cfg(test)]
mod pushes;
#[cfg(test)]
mod races;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod register;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod second_process;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod world;
