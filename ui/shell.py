import streamlit as st
st.title("hi"); st.write(st.get_option("theme.baseFontSize"))
