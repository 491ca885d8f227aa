use super::*;

fn problem(message: &str) -> Problem {
    Problem { statement: 0, message: message.to_owned(), query: 0 }
}

#[test]
fn conflicts_are_recognized_by_the_documented_and_the_reported_messages() {
    for message in [
        "ERROR:1023 DETAIL: Serializable isolation violation on table - 100 in Redshift",
        "ERROR: 1018 DETAIL: Relation does not exist.",
        "could not complete because of conflict with concurrent transaction",
        "table 123 dropped by concurrent transaction",
        "ERROR: could not open relation with OID 6134794",
        "Relation with OID 15170212 does not exist.",
    ] {
        assert!(problem(message).conflict() && problem(message).temporary(), "{message}");
    }
}

#[test]
fn a_copy_that_s3_throttles_is_temporary_and_other_errors_of_copy_are_not() {
    for message in [
        "ERROR: S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown,Rid 4VJ2,CanRetry 1",
        "S3ServiceException:We encountered an internal error.,Status 500,Error InternalError,Rid 4VJ2,CanRetry 1",
        "Cannot execute query because system is in resize mode",
        "S3Query Exception Connection failed, retries exceeded.\n  code: 15005",
        "S3 Query Exception (Fetch)\n  code: 15001\n  context: Resource temporarily unavailable",
    ] {
        assert!(problem(message).temporary() && !problem(message).conflict(), "{message}");
    }
    for message in [
        "Problem reading manifest file - S3ServiceException:The specified key does not exist.,Status 404",
        "S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 4VJ2,CanRetry 1",
        "Spectrum Scan Error\n  code: 15001\n  context: File has an invalid version number",
        "String length exceeds DDL length: status 503",
        "Divide by zero",
    ] {
        assert!(!problem(message).temporary(), "{message}");
    }
}
