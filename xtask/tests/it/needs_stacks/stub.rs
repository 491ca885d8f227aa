//! A server that stands for CloudFormation with one stack in any status, in the query protocol's own answers (AWS
//! CloudFormation API Reference, the sample responses of each action). What MiniStack never comes to is played here.
//!
//! It proves which calls are sent and what is said, not what AWS makes of them: each of them simply succeeds.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use tiny_http::{Response, Server, StatusCode};
use url::form_urlencoded::parse;

use super::FIRST;

const NAME: &str = "DataPlatform-first";
const SPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

/// The stack.
struct Stack {
    status: String,
    /// What it has come to at the next look, where something is under way.
    next: Option<String>,
    /// Statuses of the stack as its events tell, the newest last.
    history: Vec<String>,
    template: String,
    /// Everything that was asked and changes something.
    asked: Vec<String>,
}

/// The server.
pub(super) struct Stub {
    pub(super) endpoint: String,
    stack: Arc<Mutex<Stack>>,
}

impl Stub {
    /// With a stack in this status, made with the first of two templates as it was a day ago.
    pub(super) fn start(account: &str, status: &str) -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", server.server_addr());
        let template = FIRST.replace("DisplayName: one", "DisplayName: yesterday");
        let (status, history) = (status.to_owned(), vec![status.to_owned()]);
        let mut stack = Stack { status, next: None, history, template, asked: Vec::new() };
        if stack.is_busy() {
            stack.next = Some(stack.status.replace("_COMPLETE_CLEANUP", "").replace("_IN_PROGRESS", "_COMPLETE"));
        }
        let (stack, account) = (Arc::new(Mutex::new(stack)), account.to_owned());
        let shared = Arc::clone(&stack);
        thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let mut body = String::new();
                request.as_reader().read_to_string(&mut body).expect("a form");
                let (status, answer) = answer(&mut lock(&shared), &account, &body);
                // A client that was killed is no fault.
                let _ = request.respond(Response::from_string(answer).with_status_code(StatusCode(status)));
            }
        });
        Self { endpoint, stack }
    }

    /// The calls that change something.
    pub(super) fn asked(&self) -> Vec<String> {
        lock(&self.stack).asked.clone()
    }

    pub(super) fn status(&self) -> String {
        lock(&self.stack).status.clone()
    }
}

fn lock(stack: &Mutex<Stack>) -> MutexGuard<'_, Stack> {
    stack.lock().expect("no panic")
}

impl Stack {
    fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    fn is_gone(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    /// Begins something that has ended at the second look.
    fn begin(&mut self, status: &str, end: &str) {
        status.clone_into(&mut self.status);
        self.history.push(status.to_owned());
        self.next = Some(end.to_owned());
    }

    fn look(&mut self) {
        if let Some(status) = self.next.take() {
            self.history.push(status.clone());
            self.status = status;
        }
    }
}

fn answer(stack: &mut Stack, account: &str, body: &str) -> (u16, String) {
    let field = |name: &str| parse(body.as_bytes()).find(|(own, _)| own == name).map(|(_, value)| value.into_owned());
    let action = field("Action").expect("an action");
    let id = format!("arn:aws:cloudformation:eu-west-1:{account}:stack/{NAME}/00000000-0000-0000-0000-000000000001");
    let by_id = field("StackName").is_some_and(|name| name == id);
    let done = |result: &str| {
        let result = format!("<{action}Result>{result}</{action}Result>");
        let meta = "<ResponseMetadata><RequestId>b9b4b068-3a41-11e5-94eb-example</RequestId></ResponseMetadata>";
        (200, format!("<{action}Response xmlns=\"{SPACE}\">{result}{meta}</{action}Response>"))
    };
    let missing = || {
        let words = format!("Stack with id {NAME} does not exist");
        let error = format!("<Type>Sender</Type><Code>ValidationError</Code><Message>{words}</Message>");
        (400, format!("<ErrorResponse xmlns=\"{SPACE}\"><Error>{error}</Error></ErrorResponse>"))
    };
    match action.as_str() {
        "GetCallerIdentity" => done(&format!(
            "<Arn>arn:aws:iam::{account}:root</Arn><UserId>{account}</UserId><Account>{account}</Account>"
        )),
        // A stack that is gone is known by its ARN alone.
        "DescribeStacks" if stack.is_gone() && !by_id => missing(),
        "DescribeStacks" => {
            let parameter = "<ParameterKey>ProjectName</ParameterKey><ParameterValue>dpstack</ParameterValue>";
            let output =
                "<OutputKey>FirstTopic</OutputKey><OutputValue>arn:aws:sns:eu-west-1:1:dpstack-first</OutputValue>";
            let history = format!(
                "<Stacks><member><StackName>{NAME}</StackName><StackId>{id}</StackId><StackStatus>{}</StackStatus>\
                 <CreationTime>2026-01-01T00:00:00.000Z</CreationTime><DisableRollback>false</DisableRollback>\
                 <Parameters><member>{parameter}</member></Parameters><Outputs><member>{output}</member></Outputs>\
                 </member></Stacks>",
                stack.status,
            );
            stack.look();
            done(&history)
        }
        "DescribeStackEvents" => done(&events(stack, &id)),
        "GetTemplate" | "ListChangeSets" if stack.is_gone() => missing(),
        "GetTemplate" => done(&format!("<TemplateBody><![CDATA[{}]]></TemplateBody>", stack.template)),
        "ListChangeSets" => done("<Summaries/>"),
        "DescribeChangeSet" => done(
            "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>\
             <Changes><member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
             <LogicalResourceId>Topic</LogicalResourceId><ResourceType>AWS::SNS::Topic</ResourceType>\
             <Replacement>False</Replacement></ResourceChange></member></Changes>",
        ),
        _ => {
            stack.asked.push(called(&action, body));
            match action.as_str() {
                "CreateChangeSet" => {
                    if field("ChangeSetType").is_some_and(|kind| kind == "CREATE") {
                        "REVIEW_IN_PROGRESS".clone_into(&mut stack.status);
                    }
                    return done(&format!("<Id>{id}/set</Id><StackId>{id}</StackId>"));
                }
                "ExecuteChangeSet" if stack.status == "REVIEW_IN_PROGRESS" => {
                    stack.begin("CREATE_IN_PROGRESS", "CREATE_COMPLETE");
                }
                "ExecuteChangeSet" => stack.begin("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
                "DeleteStack" => stack.begin("DELETE_IN_PROGRESS", "DELETE_COMPLETE"),
                _ => stack.begin("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
            }
            done("")
        }
    }
}

/// A call with what it leaves out.
fn called(action: &str, body: &str) -> String {
    let lists = ["RetainResources.member.", "ResourcesToSkip.member."];
    let left = parse(body.as_bytes()).filter(|(name, _)| lists.iter().any(|list| name.starts_with(list)));
    left.fold(action.to_owned(), |history, (_, resource)| format!("{history} -{resource}"))
}

fn events(stack: &Stack, id: &str) -> String {
    let event = |(number, status): (usize, &String)| {
        format!(
            "<member><EventId>event-{number}</EventId><StackName>{NAME}</StackName><StackId>{id}</StackId>\
             <LogicalResourceId>{NAME}</LogicalResourceId><PhysicalResourceId>{id}</PhysicalResourceId>\
             <ResourceType>AWS::CloudFormation::Stack</ResourceType><Timestamp>2026-01-01T00:00:00.000Z</Timestamp>\
             <ResourceStatus>{status}</ResourceStatus></member>"
        )
    };
    let members: String = stack.history.iter().enumerate().rev().map(event).collect();
    format!("<StackEvents>{members}</StackEvents>")
}
