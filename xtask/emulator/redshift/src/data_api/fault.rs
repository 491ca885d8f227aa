//! Faults of requests and statements, for tests of clients.

/// A fault for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// None.
    #[default]
    None,
    /// The request is lost.
    LoseRequest,
    /// The request is processed, but its response is lost.
    LoseResponse,
    /// The request is processed twice; the client gets the second response.
    Duplicate,
    /// The request is processed after a delay.
    Delay,
    /// The service returns a throttling error.
    Throttle,
    /// Its statements fail with a conflict (1023).
    Conflict,
    /// The same conflict without its error number, as users of Redshift have reported.
    ConflictInWords,
    /// Its statements fail because S3 throttles COPY.
    SlowDown,
    /// The session of a batch is lost after the statement with this index.
    LoseSession(usize),
}

/// Returns the fault for the request with this index and operation.
pub type Plan = Box<dyn FnMut(usize, &str) -> Fault + Send>;
