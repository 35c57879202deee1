import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, missing, USUAL, withAddress, withFields } from "../../../chat/web/widget/fields.js";

test("a site lists the fields that it asks for", () => {
  assert.equal(fieldsOf(null), USUAL);
  assert.deepEqual(fieldsOf(""), []);
  assert.deepEqual(fieldsOf(" Name* ,email, Order number *,, order NUMBER,*"), [
    { key: "name", isNeeded: true },
    { key: "email", isNeeded: false },
    { key: "order number", label: "order NUMBER", isNeeded: false },
  ]);
  assert.equal(fieldsOf("a,b,c,d,e,f,g,h,i,j").length, 8);
  assert.equal(fieldsOf("x".repeat(100))[0]?.label?.length, 60);
});

test("where answers are mailed the address is needed", () => {
  assert.deepEqual(withAddress(fieldsOf("")), [{ key: "email", isNeeded: true, isMailed: true }]);
  assert.deepEqual(withAddress(USUAL), [{ key: "name", isNeeded: false }, { key: "email", isNeeded: true, isMailed: true }]);
});

test("what is filled in stands above the first message", () => {
  const fields = fieldsOf("name*, Order number*, City");
  assert.deepEqual(missing(fields, { name: " ", city: "Bath" }), ["name", "order number"]);
  const values = { name: "Ada", "order number": " 42 ", city: "" };
  assert.deepEqual(missing(fields, values), []);
  assert.equal(withFields(fields, values, "where is it?"), "Order number: 42\n\nwhere is it?");
  assert.equal(withFields(fields, values, ""), "Order number: 42");
  assert.equal(withFields(USUAL, values, "hi"), "hi");
});
