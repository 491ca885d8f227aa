//! Functions that Redshift has and the emulator can execute. Those that PostgreSQL lacks are in `catalog/functions.sql`, or
//! are rewritten (`rewrite.rs`).

use sqlparser::ast::{
    Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, WindowFrameUnits, WindowType,
};

use super::gate::{Gate, Outcome, refusal};
use super::names::parts;
use super::walk::Walk;
use crate::rules::sql;

/// Functions of single values.
const SCALAR: &str = "
    abs acos array ascii asin atan atan2 btrim cbrt ceiling char_length character_length charindex chr coalesce concat cos cot
    current_database current_date current_setting current_user date_diff date_part date_trunc dateadd datediff
    degrees dexp dlog10 dlog1 exp format_type get_array_length getdate greatest initcap is_array is_object json_parse
    json_serialize json_typeof last_day least left len length ln lower lpad ltrim md5 mod nullif nvl nvl2 object octet_length
    pg_backend_pid pg_cancel_backend pg_terminate_backend pi power quote_ident quote_literal radians random regexp_count
    regexp_instr regexp_replace regexp_substr repeat replace reverse right round rpad rtrim session_user sign sin split_part
    sqrt strpos sysdate tan to_char to_date to_number to_timestamp translate trim trunc upper user version
";

/// Aggregates, which may also have a window.
const AGGREGATE: &str = "
    avg bool_and bool_or count listagg max median min percentile_cont percentile_disc stddev stddev_pop stddev_samp sum var_pop
    var_samp variance
";

/// Functions that need a window.
const WINDOW: &str =
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number";

/// Functions that need a user-created table in the query.
const COMPUTE_NODE: [&str; 4] = ["listagg", "median", "percentile_cont", "percentile_disc"];

/// Functions of the leader node; the last ones are deprecated there.
const LEADER_NODE: &str = "
    current_schema current_schemas has_database_privilege has_schema_privilege has_table_privilege substr factorial
    age current_time current_timestamp localtime localtimestamp isfinite now
    pg_get_viewdef pg_get_userbyid pg_table_is_visible obj_description
";

/// Functions whose value changes without a change of the data.
const MUTABLE: [&str; 13] = [
    "getdate",
    "sysdate",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "now",
    "random",
    "current_user",
    "session_user",
    "user",
    "current_setting",
];

/// Functions that return a table.
const TABLE: [&str; 1] = ["pg_get_late_binding_view_cols"];

fn listed(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == name)
}

/// Checks a call, not its arguments.
pub(super) fn check(walk: &mut Walk<'_>, function: &mut Function) -> Outcome {
    let gate = walk.gate;
    let name = name_of(gate, &function.name)?;
    note(walk, std::slice::from_ref(&name))?;
    let (aggregate, window) = (listed(AGGREGATE, &name), listed(WINDOW, &name));
    let known = aggregate || window || listed(SCALAR, &name) || listed(LEADER_NODE, &name);
    gate.refuse_if(!known, &sql::UNKNOWN_FUNCTION, unknown(&name))?;
    let Function { name: _, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } = function;
    gate.refuse_if(filter.is_some(), &sql::AGGREGATE_FILTER, "FILTER is not supported for aggregate functions")?;
    let clause = |present: bool, clause: &str| {
        gate.refuse_if(present, &sql::UNKNOWN_CLAUSE, format!("{clause} of {name} is not known to the emulator"))
    };
    clause(*uses_odbc_syntax, "{fn …}")?;
    clause(!matches!(parameters, FunctionArguments::None), "a second list of arguments")?;
    clause(null_treatment.is_some(), "IGNORE or RESPECT NULLS")?;
    let ordered = ["listagg", "percentile_cont", "percentile_disc"].contains(&name.as_str());
    clause(!within_group.is_empty() && !ordered, "WITHIN GROUP")?;
    clause(over.is_some() && !aggregate && !window, "OVER")?;
    clause(over.is_some() && (ordered || name == "median"), "OVER")?;
    match args {
        FunctionArguments::None => {}
        FunctionArguments::Subquery(_) => clause(true, "a query as argument")?,
        FunctionArguments::List(list) => {
            clause(!list.clauses.is_empty(), "a clause in the arguments")?;
            clause(list.duplicate_treatment.is_some() && !aggregate, "DISTINCT")?;
            for argument in &list.args {
                match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(_)) => {}
                    FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name == "count" => {}
                    _ => clause(true, "this form of an argument")?,
                }
            }
        }
    }
    over.as_ref().map_or(Ok(()), |over| check_window(gate, over, aggregate))
}

fn unknown(name: &str) -> String {
    format!("function {name} does not exist, or is not known to the emulator")
}

fn check_window(gate: Gate<'_>, over: &WindowType, aggregate: bool) -> Outcome {
    let WindowType::WindowSpec(window) = over else {
        return gate.refuse(&sql::WINDOW_CLAUSE, "named windows are not supported");
    };
    gate.refuse_if(window.window_name.is_some(), &sql::WINDOW_CLAUSE, "named windows are not supported")?;
    let unframed = aggregate && !window.order_by.is_empty() && window.window_frame.is_none();
    let message = "Aggregate window functions with an ORDER BY clause require a frame clause";
    gate.refuse_if(unframed, &sql::WINDOW_FRAME, message)?;
    let other = window.window_frame.as_ref().is_some_and(|frame| frame.units != WindowFrameUnits::Rows);
    gate.refuse_if(other, &sql::WINDOW_FRAME, "only ROWS is supported in the frame of a window")
}

/// The name in lower case, without the schema `pg_catalog`.
pub(super) fn name_of(gate: Gate<'_>, name: &ObjectName) -> Outcome<String> {
    let parts = parts(name);
    match parts.as_slice() {
        [name] => Ok(name.clone()),
        [schema, name] if schema == "pg_catalog" => Ok(name.clone()),
        _ => {
            let name = parts.join(".");
            gate.refuse(&sql::UNKNOWN_FUNCTION, unknown(&name))?;
            Ok(name)
        }
    }
}

/// Notes where functions are executed, for the rules about the whole statement.
pub(super) fn note(walk: &mut Walk<'_>, names: &[String]) -> Outcome {
    for name in names {
        let facts = &mut walk.facts;
        if COMPUTE_NODE.contains(&name.as_str()) {
            facts.compute_function = Some(name.clone());
        }
        if listed(LEADER_NODE, name) {
            facts.leader_function = Some(name.clone());
        }
        if MUTABLE.contains(&name.as_str()) {
            facts.mutable_function = Some(name.clone());
        }
    }
    Ok(())
}

/// Checks a function in FROM.
pub(super) fn check_table(gate: Gate<'_>, name: &ObjectName, plain: bool) -> Outcome {
    let name = name_of(gate, name)?;
    if TABLE.contains(&name.as_str()) && plain {
        return Ok(());
    }
    gate.refuse(&sql::UNKNOWN_FUNCTION, unknown(&name)).map_err(|_| refusal(&sql::UNKNOWN_FUNCTION, unknown(&name)))
}
