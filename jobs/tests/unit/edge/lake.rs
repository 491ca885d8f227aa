//! Tests which version of an object is replaced. The store is in memory: it does not show the responses of S3.

use object_store::memory::InMemory;

use super::*;

#[tokio::test]
async fn only_the_version_that_was_read_is_replaced() {
    let store = Arc::new(InMemory::new());
    let bucket = Bucket { parts: Arc::<InMemory>::clone(&store), completing: Arc::<InMemory>::clone(&store) };
    let url = Url::parse("s3://lake").expect("a URL");
    let lake = Lake { url, store, bucket: Some(bucket), sizes: S3, aborts: Arc::default() };
    lake.put_new("key", b"one".to_vec()).await.expect("a new object");
    let (bytes, version) = lake.get_version("key").await.expect("a response").expect("an object");
    assert_eq!(bytes, "one");
    lake.update("key", b"two".to_vec(), version.clone()).await.expect("the current version");
    let error = lake.update("key", b"three".to_vec(), version.clone()).await.expect_err("an old version");
    assert!(error.downcast_ref::<Failure>().is_some_and(Failure::is_temporary), "{error:#}");
    // After a response was lost, the request is repeated.
    lake.update("key", b"two".to_vec(), version).await.expect("the same bytes");
    assert_eq!(lake.get("key").await.expect("a response").expect("an object"), "two");
}
